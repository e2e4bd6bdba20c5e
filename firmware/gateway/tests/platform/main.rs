//! The client against the pretend platform, in process, over real mutual TLS. Every
//! exchange of every test is held against `openapi.yaml` when its site closes.

mod account;
mod activation;
mod contract;
mod records;
mod site;
mod trouble;
mod trust;
mod vneid;
