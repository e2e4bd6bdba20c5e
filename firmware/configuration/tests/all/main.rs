//! Layers that are refused, and what layers come to.

mod board;
mod layers;
mod sets;

use configuration::{Layer, LayerError, Whose};

/// Layers by their names, `fleet` or `ha-noi/site-nghia-do`.
fn whose(name: &str) -> Whose {
    Whose::try_from(name.to_owned()).unwrap()
}

/// A layer that says who it is, and this.
fn layer(name: &str, version: u32, more: &str) -> Result<Layer, LayerError> {
    let text = format!("schema = 1\nlayer = \"{name}\"\nversion = {version}\n{more}");
    Layer::parse(&whose(name), text.as_bytes())
}
