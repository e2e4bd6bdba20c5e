//! Lamps on the pins of a Raspberry Pi.

use devices::Light;

/// A lamp switched by one pin. Off when made and when dropped.
pub struct Lamp {
    pin: rppal::gpio::OutputPin,
}

impl Lamp {
    /// Takes a pin, by its BCM number.
    pub fn open(pin: u8) -> Result<Self, LampError> {
        let _ = pin;
        unimplemented!()
    }
}

impl Light for Lamp {
    fn shine(&mut self, on: bool) {
        self.pin.write(if on { rppal::gpio::Level::High } else { rppal::gpio::Level::Low });
    }
}

/// Why there is no lamp. The machine works without.
#[derive(Debug, thiserror::Error)]
pub enum LampError {
    /// This computer has no pins.
    #[error("this is no Raspberry Pi, so there are no lamps")]
    NotAPi,
    /// The pin does not exist or is used.
    #[error("pin {pin} cannot be used for a lamp")]
    Pin {
        /// Which.
        pin: u8,
        /// Why.
        #[source]
        source: rppal::gpio::Error,
    },
}
