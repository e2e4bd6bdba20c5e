//! What `--help` prints.

/// The version.
pub const VERSION: &str = concat!("kiosk-repo ", env!("CARGO_PKG_VERSION"), "\n");

/// Of the program.
pub const ALL: &str = "\
kiosk-repo - keys, signed releases, and the repository that kiosks update from

USAGE
  kiosk-repo COMMAND …
  kiosk-repo COMMAND --help     what it takes, with those that belong to it

COMMANDS
  new-key public-key init rotate                keys and who may sign what
  add-release add-config add-file remove
  waves least delegate                          what kiosks install
  status renew discard draft sign merge         from a draft to its signatures
  publish refresh check                         what kiosks see
  permit stick new-log-key open-logs            what is carried to kiosks and back by hand
  command countersign command-signer            what kiosks are to do at once

A change is a draft in DIR/drafts until enough people have signed it. Publishing writes
DIR/metadata and DIR/targets, a plain folder for any web server or stick. PUB is a public
key, FILE.pub. Instead of the file of a key, secret or public, every command but open-logs
takes the URI of a key in a token: kiosk-repo new-key --help. TIME is 2026-12-31T17:00:00Z
or a day, whose beginning in Viet Nam is meant.
Every command takes --now TIME, to act as at another time than the clock's.

EXIT CODES
   0  done; for check: kiosks take the repository, nothing expires soon
   1  a file or the disk does not do its part, or nothing fits what was asked
   2  the command line is wrong
   3  not signed by enough people, by a stranger, expired, or not what kiosks would take
   4  check: kiosks take the repository, but something expires soon
";

/// Of `new-key`, `init` and `rotate`.
pub const KEYS: &str = "\
kiosk-repo new-key, public-key, init, rotate - keys and who may sign what

USAGE
  kiosk-repo new-key FILE|URI [--passphrase-file FILE] [--algorithm ed25519|p256]
  kiosk-repo public-key URI PUB [--passphrase-file FILE]
  kiosk-repo init DIR --root-key PUB… --targets-key PUB… --snapshot-key PUB --timestamp-key PUB
             [--root-threshold N] [--targets-threshold N]
  kiosk-repo rotate DIR --add ROLE=PUB | --drop ROLE=PUB|ID | --threshold ROLE=N …

new-key writes an Ed25519 key: FILE, the secret, for its owner alone; FILE.pub, the public
key. Neither is written over. The passphrase is the first line of a file that nobody else
can read. Every command that reads a secret refuses one that others can read. With a URI the token makes
the key and keeps it; p256 is for tokens that have no Ed25519.

public-key writes the public half of a key in a token, to be handed out.

init makes drafts of the first root and of an empty targets. Two of the keys of root and of
targets must sign, unless a threshold says otherwise. Keys of root and targets belong on no
network, snapshot and timestamp on the machine that publishes.

rotate makes a draft of the next root. It is signed by enough keys of the published root and
by enough of its own. ROLE is root, targets, snapshot or timestamp; ID is a key's id. Where
a key of targets goes, `kiosk-repo renew DIR targets` and have it signed by the new ones.

KEYS IN A TOKEN (a smart card, a YubiHSM, an HSM)
  pkcs11:token=LABEL;object=LABEL;id=%01?module-path=FILE&pin-source=file:/FILE
  RFC 7512, also serial=, model=, manufacturer=, slot-id=; enough of it that one token and one key
  fit. PKCS11_MODULE_PATH in the environment is the module where the URI names none. The PIN is the
  first line of pin-source, else of --passphrase-file, files that nobody else can read; else it is
  asked for at the terminal. Ed25519, ECDSA on P-256, RSA-PSS of 2048 to 8192 bits.

PERIODS
  root 365 days, targets and delegated roles 90, snapshot 14, timestamp 7
";

/// Of what goes out and comes back.
pub const SIGNING: &str = "\
kiosk-repo status, renew, discard, draft, sign, merge - from a draft to its signatures

USAGE
  kiosk-repo status  DIR
  kiosk-repo renew   DIR ROLE
  kiosk-repo discard DIR ROLE
  kiosk-repo draft   DIR ROLE REQUEST [--bytes FILE]
  kiosk-repo sign    REQUEST --key FILE --out SIGNATURE [--root FILE] [--yes] [--passphrase-file FILE]
  kiosk-repo merge   DIR SIGNATURE… | --raw FILE --role ROLE --key PUB

status shows every draft, what it changes, who has signed and who may.
renew makes a draft of the same contents, one version on, good for another period.
discard throws a draft away.
draft writes a request, to be carried to a signer; --bytes writes the exact bytes that are
signed as well, for another tool.
sign needs no repository and no network. It shows what would be signed and what that changes,
asks, and writes a signature.
merge takes signatures into the draft that they are over. A change of the draft after it
went out makes them worthless; merge says so. --raw takes the bare signature of another tool
over the bytes of draft --bytes: Ed25519, ECDSA on P-256 in DER, RSA-PSS with SHA-256.

OPTIONS
  --root FILE            a root that the signer trusts; the version before, by which the change is
                         told, is held against it (for root and targets)
  --yes                  do not ask
  --passphrase-file FILE the passphrase of the key
";

/// Of what kiosks see.
pub const PUBLISHING: &str = "\
kiosk-repo publish, refresh, check - what kiosks see

USAGE
  kiosk-repo publish DIR --snapshot-key FILE --timestamp-key FILE [--passphrase-file FILE]
  kiosk-repo refresh DIR --timestamp-key FILE [--snapshot-key FILE] [--passphrase-file FILE]
  kiosk-repo check   DIR [--root FILE]

publish takes all drafts, if each is signed by enough people, and binds them with a new
snapshot and a new timestamp. The timestamp is written last: until then kiosks see the old
state. A run that broke off is simply repeated.
refresh signs a new timestamp, with --snapshot-key a new snapshot as well. Let a machine do it
once a day.
check follows the repository with a kiosk's own code, fetches every target whole, unpacks what
is packed, applies every delta, and says who signs and how long everything is good. Without --root the folder's first root is believed.
It warns (exit code 4) from 60 days before root expires, 21 targets and delegated roles,
4 snapshot, 2 timestamp.
";

/// Of releases and delegations.
pub const RELEASES: &str = "\
kiosk-repo add-release, add-config, add-file, remove, waves, least, delegate - what kiosks install

USAGE
  kiosk-repo add-release DIR --target os|app/NAME FILE --hw BOARD… --kind app|os
             --release-seq N --min-release-seq N [--data-schema FROM:TO[:reversible]]
             [--security [--deadline TIME]] [--zstd | --rauc]
  kiosk-repo add-config DIR --layer fleet|PROVINCE|PROVINCE/site-SITE|PROVINCE/device-NAME FILE
             [--with FILE…]
  kiosk-repo add-file DIR --target config/PROVINCE/NAME FILE
  kiosk-repo remove   DIR --target PATH
  kiosk-repo waves    DIR --target PATH --wave SHARE@TIME… | --none
  kiosk-repo least    DIR --target PATH --min-release-seq N
  kiosk-repo delegate DIR os|app|usb|config/fleet|config/PROVINCE --key PUB… [--threshold N]

add-release copies FILE in and lists it. The release number is above every number that this
kind ever had for one of the boards. A file that changes while it is read is refused.
  --hw BOARD            a board that it is for; may be given several times
  --release-seq N       its number
  --min-release-seq N   kiosks take nothing below this number any more
  --data-schema F:T     stored data goes from version F to T; with :reversible the release before
                        can read it, so that rolling back loses nothing
  --security            closes a hole
  --deadline TIME       is to be in force by then
  --zstd                FILE is an image: it is packed, the packed file is the target, and what it
                        unpacks to is signed too
  --rauc                FILE is a RAUC bundle of format verity or crypt: the hash of its manifest is
                        signed too, and the kiosk's RAUC (1.13 on) held to it
  --delta-from TARGET   a listed release, number N: what changed since is listed as NAME.from-N beside the
                        new one, for kiosks that run it; up to three times
add-config reads a layer of settings as kiosks do, refuses what they would refuse, and lists it.
Its version is above every one that the layer had.
  --layer LAYER         for whom it is, as the layer says too
  --with FILE           a file that the layer names by its SHA-256, unless it is listed already
add-file lists another file of a province.
remove takes a target off the list, with the deltas that lead to it or from it; files stay, since
kiosks may be fetching them.
waves: from TIME on this SHARE of all kiosks in percent, drawn from each kiosk's id and the
release, takes it; shares grow, the last is 100. --none: everybody at once.
least: kiosks that run this release may go back down to N, and no further. Without it they never
go back below what they run.
delegate gives a part of the repository to other signers, or changes their keys. os and config/fleet
need two signatures at least, and for os nobody else is asked. What targets lists of the part
goes over to the new role. Both drafts are to be signed.
";

/// Of commands to kiosks.
pub const ORDERS: &str = "\
kiosk-repo command, countersign, command-signer - what kiosks are to do at once

USAGE
  kiosk-repo command OUT --key FILE --kiosk NAME… | --site NAME --until TIME [--from TIME]
             [--number N] [--yes] [--passphrase-file FILE]
             --lock MINUTES [--reason operator|repair|check|office-closed]
             | --unlock | --reboot | --logs SOURCE…
             | --message-vi TEXT --message-en TEXT --shown-until TIME
  kiosk-repo countersign ENVELOPE --key FILE --out FILE [--yes] [--passphrase-file FILE]
  kiosk-repo command-signer PUB

command needs no repository and no network. It shows what would be signed, asks, and writes a
DSSE envelope. That is the value of the metadata `command`, visible to targets, of a software
module in hawkBit. Kiosks take it if their settings let the key's owner order this.
countersign adds a second signature, where kiosks want two.
command-signer prints an Ed25519 key as kiosks' settings have it.

OPTIONS
  --kiosk NAME       a kiosk; may be given up to 50 times
  --site NAME        every kiosk of a site
  --until TIME       not good after, 7 days from --from at most
  --from TIME        not good before (now)
  --number N         above every number that this key used before (the seconds since 1970)
  --lock MINUTES     nobody is served, up to 7 days; a visit under way ends first
  --logs SOURCE      a source of logs, by the name in the kiosks' settings; may be given 8 times
  --message-vi, --message-en
                     up to 120 letters each; a message takes the place of the one before
  --shown-until TIME up to 30 days from --from; --from itself takes the message away
";

/// Of what is carried by hand.
pub const STICKS: &str = "\
kiosk-repo permit, stick, new-log-key, open-logs - what is carried to kiosks and back by hand

USAGE
  kiosk-repo permit DIR --target usb/NAME --device ID|--site ID… --not-after TIME --uses N
             --release TARGET=NAME:VERSION… [--without-technician]
  kiosk-repo stick DIR OUT --permit usb/NAME
  kiosk-repo new-log-key FILE
  kiosk-repo open-logs OUT SEALED… --key FILE

permit lists a permit: which kiosks may take which releases off a stick, until when, and how often
each of them. Kiosks count its uses by NAME, so another permit has another name. Its signers are
shown every word.
  --device ID, --site ID  a kiosk by its name in the fleet, or all of a site
  --uses N                on each kiosk; a use is counted before anything is done
  --release T=NAME:VER    a release, and what the fleet server calls its distribution set: the kiosk
                          reports that it has it once it reaches the server; a kiosk takes the first
                          release that it may install
  --without-technician    nobody need be at the machine while the timestamp on the stick is good
stick writes what kiosks need of the published repository into an empty folder.
new-log-key makes the key that kiosks seal their logs to.
open-logs opens sealed logs into OUT. Whoever knows the public key can seal one.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_a_help_begins_with_is_in_the_list_of_all() {
        let listed: Vec<&str> = ALL.split_once("COMMANDS").unwrap().1.split_whitespace().collect();
        for help in [KEYS, SIGNING, PUBLISHING, RELEASES, ORDERS, STICKS] {
            let (commands, what) = help.lines().next().unwrap().split_once(" - ").unwrap();
            let commands = commands.strip_prefix("kiosk-repo ").unwrap();
            assert!(commands.split(", ").all(|command| listed.contains(&command)), "{commands}");
            assert!(ALL.contains(what), "{what}");
        }
    }
}
