//! Installs the Debian packages that are missing: once, said aloud, through
//! `sudo` where we are not root.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::run;

const LIST: &str = include_str!("../debian-packages.txt");

/// Installs what `debian-packages.txt` names and the machine lacks.
pub fn install_missing() -> Result<()> {
    install(names(LIST))
}

/// Installs those of the named packages that the machine lacks.
pub fn install<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let missing: Vec<_> = names.filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !has("apt-get") {
        bail!("these packages are missing and there is no apt-get: {}", missing.join(" "));
    }
    println!("Installing Debian packages (once): {}", missing.join(" "));
    let install = || run(apt().args(["install", "-y", "--no-install-recommends"]).args(&missing));
    // A fresh machine has no package lists yet; asking for them first would be a
    // needless download on every other machine.
    if install().is_err() {
        run(apt().arg("update"))?;
        install().context("cannot install the Debian packages; see firmware/xtask/debian-packages.txt")?;
    }
    Ok(())
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|name| !name.is_empty())
}

fn is_installed(name: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", name])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn apt() -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command = Command::new(if root { "env" } else { "sudo" });
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_packages_and_says_what_for() {
        assert!(names(LIST).any(|name| name == "pcscd"));
        for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, reason) = line.split_once('#').expect(line);
            assert!(!name.trim().contains(' ') && reason.trim().len() > 5, "{line}");
        }
    }
}
