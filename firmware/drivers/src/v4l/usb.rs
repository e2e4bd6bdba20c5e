//! Which USB product stands behind a device file, as sysfs tells it (kernel documentation,
//! `sysfs-bus-usb`): the numbers that a maker registered for it.

use std::{fmt, fs, path::Path};

/// A maker and one of its products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsbProduct {
    /// idVendor.
    pub vendor: u16,
    /// idProduct.
    pub product: u16,
}

impl fmt::Display for UsbProduct {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04x}:{:04x}", self.vendor, self.product)
    }
}

/// The USB product that the character device of these numbers is a part of; none where it is none
/// of USB's. `sys` is where sysfs is mounted.
pub(super) fn product_of(sys: &Path, major: u64, minor: u64) -> Option<UsbProduct> {
    // The device itself, its interface, then the whole of it, which has the numbers.
    let device = fs::canonicalize(sys.join(format!("dev/char/{major}:{minor}/device"))).ok()?;
    let read = |folder: &Path, name: &str| {
        u16::from_str_radix(fs::read_to_string(folder.join(name)).ok()?.trim(), 16).ok()
    };
    device.ancestors().take_while(|folder| folder.starts_with(sys)).find_map(|folder| {
        Some(UsbProduct { vendor: read(folder, "idVendor")?, product: read(folder, "idProduct")? })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const WEBCAM: UsbProduct = UsbProduct { vendor: 0x046D, product: 0x0825 };

    /// A sysfs with a USB camera and a loop-back device, as Linux 6 lays them out.
    #[test]
    fn the_whole_device_behind_an_interface_has_the_numbers() {
        let place = tempfile::tempdir().unwrap();
        let sys = fs::canonicalize(place.path()).unwrap();
        let usb = sys.join("devices/pci0000:00/0000:00:14.0/usb1/1-3");
        let node = usb.join("1-3:1.0/video4linux/video0");
        let loopback = sys.join("devices/virtual/video4linux/video9");
        for folder in [&node, &loopback, &sys.join("dev/char")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(usb.join("idVendor"), "046d\n").unwrap();
        fs::write(usb.join("idProduct"), "0825\n").unwrap();
        symlink(usb.join("1-3:1.0"), node.join("device")).unwrap();
        symlink(&node, sys.join("dev/char/81:0")).unwrap();
        symlink(&loopback, sys.join("dev/char/81:9")).unwrap();
        assert_eq!(product_of(&sys, 81, 0), Some(WEBCAM));
        assert_eq!(WEBCAM.to_string(), "046d:0825");
        assert_eq!(product_of(&sys, 81, 9), None, "a loop-back is of no bus");
        assert_eq!(product_of(&sys, 81, 1), None, "there is no such device");
        fs::write(usb.join("idProduct"), "none").unwrap();
        assert_eq!(product_of(&sys, 81, 0), None);
    }
}
