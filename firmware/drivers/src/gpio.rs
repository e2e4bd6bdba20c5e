//! Lamps on the pins of a Raspberry Pi. Elsewhere there are none, which is said and
//! harms nothing.

use devices::Light;
use rppal::gpio::{Error, Gpio, Level, OutputPin};

/// A lamp switched by one pin: off when taken and off when dropped.
pub struct Lamp {
    pin: OutputPin,
}

impl Lamp {
    /// Takes a pin, by its BCM number.
    pub fn open(pin: u8) -> Result<Self, LampError> {
        let gpio = Gpio::new().map_err(|source| match source {
            Error::UnknownModel => LampError::NotAPi,
            source => LampError::NoPins { source },
        })?;
        let pin = gpio.get(pin).map_err(|source| LampError::Pin { pin, source })?;
        Ok(Self { pin: pin.into_output_low() })
    }
}

impl Light for Lamp {
    fn shine(&mut self, on: bool) {
        self.pin.write(if on { Level::High } else { Level::Low });
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        self.pin.set_low();
    }
}

/// Why there is no lamp. The machine works without.
#[derive(Debug, thiserror::Error)]
pub enum LampError {
    /// This computer has no pins.
    #[error("this is no Raspberry Pi, so there are no lamps")]
    NotAPi,
    /// The pins cannot be reached.
    #[error("the pins of this Raspberry Pi cannot be reached (group gpio, /dev/gpiomem)")]
    NoPins {
        /// Why.
        #[source]
        source: Error,
    },
    /// The pin does not exist or is used.
    #[error("pin {pin} cannot be used for a lamp")]
    Pin {
        /// Which.
        pin: u8,
        /// Why.
        #[source]
        source: Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_without_pins_says_so() {
        if std::fs::read_to_string("/proc/device-tree/model").is_ok_and(|model| model.contains("Raspberry")) {
            // On the machine itself pin 17 is the lamp's.
            return;
        }
        let error = Lamp::open(17).err().expect("no lamp without pins");
        assert!(matches!(error, LampError::NotAPi), "{error}");
    }
}
