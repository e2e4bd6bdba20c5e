//! The machine's own figures, as the kernel shows them. What it does not show is not said.

use std::{collections::BTreeMap, fs, path::PathBuf};

use metrics::families;
use nix::sys::statvfs::statvfs;

use super::sampling::Saying;

/// Where the kernel shows them.
pub struct Machine {
    /// `/proc`.
    pub proc: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// Folders whose file systems are measured.
    pub disks: BTreeMap<&'static str, PathBuf>,
}

/// What slows a Raspberry Pi down now, by the bits of its firmware's word.
const SLOWED_BY: [&str; 4] = ["under-voltage", "frequency-cap", "throttling", "soft-temperature-limit"];

impl Machine {
    pub(super) fn measure(&self, saying: &mut Saying) {
        if let Some(hottest) = self.temperature() {
            saying.say(&families::TEMPERATURE, &[], hottest);
        }
        if let Some(bits) = self.throttled() {
            for (bit, by) in SLOWED_BY.iter().enumerate() {
                saying.say(&families::THROTTLED, &[by], f64::from((bits >> bit) & 1));
            }
        }
        if let Some(used) = self.storage_used() {
            saying.say(&families::STORAGE_USED, &[], used);
        }
        for (place, folder) in &self.disks {
            let Ok(disk) = statvfs(folder) else { continue };
            let bytes = |blocks: u64| blocks as f64 * disk.fragment_size() as f64;
            saying.say(&families::DISK_FREE, &[place], bytes(disk.blocks_available()));
            saying.say(&families::DISK_SIZE, &[place], bytes(disk.blocks()));
        }
        for (family, key) in
            [(&families::MEMORY_AVAILABLE, "MemAvailable:"), (&families::MEMORY_SIZE, "MemTotal:")]
        {
            if let Some(kib) = self.memory(key) {
                saying.say(family, &[], kib * 1024.0);
            }
        }
        if let Some(seconds) = self.uptime() {
            saying.say(&families::UPTIME, &[], seconds);
        }
    }

    /// Of the hottest zone.
    fn temperature(&self) -> Option<f64> {
        let zones = self.folders("class/thermal", "thermal_zone");
        let millis = zones.iter().filter_map(|zone| text(&zone.join("temp"))?.parse::<i32>().ok());
        millis.max().map(|millis| f64::from(millis) / 1000.0)
    }

    fn throttled(&self) -> Option<u32> {
        let word = text(&self.sys.join("devices/platform/soc/soc:firmware/get_throttled"))?;
        u32::from_str_radix(word.trim_start_matches("0x"), 16).ok()
    }

    /// Of the eMMC's two kinds of memory the one that is used more (JESD84, `DEVICE_LIFE_TIME_EST`):
    /// 1 is up to a tenth, 11 is past its end, 0 is not known.
    fn storage_used(&self) -> Option<f64> {
        let cards = self.folders("block", "mmcblk");
        let tenths = cards.iter().filter_map(|card| {
            let both = text(&card.join("device/life_time"))?;
            let number = |word: &str| u8::from_str_radix(word.trim_start_matches("0x"), 16).ok();
            both.split_whitespace().filter_map(number).max()
        });
        tenths.max().filter(|tenths| (1..=11).contains(tenths)).map(|tenths| f64::from(tenths) / 10.0)
    }

    fn memory(&self, key: &str) -> Option<f64> {
        let all = text(&self.proc.join("meminfo"))?;
        let line = all.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    fn uptime(&self) -> Option<f64> {
        text(&self.proc.join("uptime"))?.split(' ').next()?.parse().ok()
    }

    fn folders(&self, place: &str, begins: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.sys.join(place)).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(begins));
        named.map(|entry| entry.path()).collect()
    }
}

fn text(path: &std::path::Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
        let place = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = place.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let (proc, sys) = (place.path().join("proc"), place.path().join("sys"));
        let machine = Machine { proc, sys, disks: [("state", place.path().to_owned())].into() };
        let mut saying = Saying::default();
        machine.measure(&mut saying);
        assert_eq!(saying.refused, 0);
        (place, saying.sample.lines(&"k".parse().unwrap(), None))
    }

    #[test]
    fn a_raspberry_pi_says_all_of_it() {
        let (_place, said) = machine(&[
            ("sys/class/thermal/thermal_zone0/temp", "51234\n"),
            ("sys/class/thermal/thermal_zone1/temp", "60000\n"),
            ("sys/class/thermal/cooling_device0/temp", "99000\n"),
            ("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n"),
            ("sys/block/mmcblk0/device/life_time", "0x01 0x03\n"),
            ("proc/meminfo", "MemTotal:        3884312 kB\nMemFree: 1 kB\nMemAvailable:    3000000 kB\n"),
            ("proc/uptime", "350735.47 234388.90\n"),
        ]);
        for line in [
            "kiosk_temperature_celsius{kiosk=\"k\"} 60\n",
            "kiosk_throttled{kiosk=\"k\",by=\"under-voltage\"} 1\n",
            "kiosk_throttled{kiosk=\"k\",by=\"frequency-cap\"} 0\n",
            "kiosk_throttled{kiosk=\"k\",by=\"throttling\"} 1\n",
            "kiosk_throttled{kiosk=\"k\",by=\"soft-temperature-limit\"} 0\n",
            "kiosk_storage_life_used_ratio{kiosk=\"k\"} 0.3\n",
            "kiosk_memory_available_bytes{kiosk=\"k\"} 3072000000\n",
            "kiosk_memory_size_bytes{kiosk=\"k\"} 3977535488\n",
            "kiosk_uptime_seconds{kiosk=\"k\"} 350735.47\n",
        ] {
            assert!(said.contains(line), "nothing of {line} in {said}");
        }
        let bytes = |name: &str| -> f64 {
            let line = said.lines().find(|line| line.starts_with(name)).unwrap();
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert!(bytes("kiosk_disk_free_bytes") > 0.0);
        assert!(bytes("kiosk_disk_size_bytes") >= bytes("kiosk_disk_free_bytes"));
    }

    #[test]
    fn what_the_kernel_does_not_show_or_garbles_is_not_said() {
        let (_place, said) = machine(&[
            ("sys/class/thermal/thermal_zone0/temp", "hot\n"),
            ("sys/devices/platform/soc/soc:firmware/get_throttled", "yes\n"),
            ("sys/block/mmcblk0/device/life_time", "0x00 0x00\n"),
            ("proc/meminfo", "MemTotal: much\n"),
        ]);
        assert!(said.lines().all(|line| line.starts_with("kiosk_disk_")), "{said}");
    }
}
