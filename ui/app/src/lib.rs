//! kiosk-ui
