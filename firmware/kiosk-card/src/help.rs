//! What `--help` prints.

/// The version.
pub const VERSION: &str = concat!("kiosk-card ", env!("CARGO_PKG_VERSION"), "\n");

/// Of the program.
pub const ALL: &str = "\
kiosk-card - reads and judges identity cards with a chip (ICAO Doc 9303)

USAGE
  kiosk-card read        --can|--number|--mrz|--pin|--puk KEY  [options]
  kiosk-card verify      FOLDER|SOD --trust FILE               [options]
  kiosk-card masterlist  inspect FILE --root FILE              [options]
  kiosk-card masterlist  import FILE --root FILE --trust FILE  [options]
  kiosk-card COMMAND --help

It uses the kiosk's own code: what it says of a card, a kiosk says of it too. Only
`read` makes use of a reader; nothing makes use of a network.

OPTIONS
  --help             this page, or that of a command
  --version          the program's name and version

EXIT CODES
   0  done; for read and verify: authentic
   1  a file, the reader or the card does not do its part
   2  the command line is wrong
   3  a master list or revocation list is not believed, or older than the present one
  10  chain unknown: signed, but by nobody who is trusted here
  11  altered
  12  revoked
  13  the signer's certificate is not valid on this day
  14  the signer is not one that may sign this document
  15  clone suspected: the chip failed to prove that it is no copy
  16  no current revocation list, though --require-crl
  17  the chip was not asked for a proof, though --require-chip
  18  EF.SOD alone is authentic; no file was held against it
  19  not judged: a file that is needed is missing or broken

EXAMPLES
  kiosk-card masterlist import DE_ML.ml --root csca-de.cer --trust trust.pem
  kiosk-card read --can - --trust trust.pem --files card < number.txt
  kiosk-card verify card --trust trust.pem --date 2026-01-31 --json

STANDARDS
  ICAO Doc 9303 parts 10 to 12, ISO/IEC 7816-4, BSI TR-03110
";

/// Of `verify`.
pub const VERIFY: &str = "\
kiosk-card verify - judges the files of a chip

USAGE
  kiosk-card verify FOLDER|SOD --trust FILE [options]

FOLDER holds files named as people call them (DG1, EF.DG1, EF_SOD, EF.CardSecurity) or
by file identifier (0101, 011D), with any ending; 011D is EF.SOD and 011E is EF.COM.
Other files are ignored. A single file is taken as EF.SOD.

OPTIONS
  --trust FILE       whom to believe: issuing certificates (CSCA) in PEM, or one in DER
  --crl FILE         a revocation list, DER or PEM; may be given several times
  --require-crl      no verdict without a current revocation list of the issuer
  --require-chip     no verdict without a proof of the chip where its issuer signed a key
  --sha1-until DAY   believe SHA-1 through this day; without it, never
  --date DAY         judge as on this day (2026-11-21); without it, today in Viet Nam
  --json             the whole judgement as one JSON object; nothing in it is personal

The exit code says the verdict; `kiosk-card --help` lists them.

EXAMPLES
  kiosk-card verify card --trust trust.pem
      what read --files wrote: everything but the chip's proof, which needs the chip
  kiosk-card verify EF_SOD.BIN --trust csca.der --crl vn.crl --require-crl
      the signature alone, under a current revocation list; exit code 18 where it is good
";

/// Of `masterlist`.
pub const MASTER_LIST: &str = "\
kiosk-card masterlist - CSCA master lists (ICAO Doc 9303-12)

USAGE
  kiosk-card masterlist inspect FILE --root FILE [options]
  kiosk-card masterlist import FILE [--root FILE] --trust FILE [options]

inspect says who signed the list and when, and of its certificates: how many a country,
which algorithms and curves, which are self-signed and which are links from an older
key, which signatures could not be verified and why, and which are valid on the day.

import takes the list into the trust list FILE, which is made where there is none. It
prints what is added (+), gone (-) and left out (!). A certificate goes when the state
whose list had it has it no longer, and no other state nor the operator put it in.

OPTIONS
  --root FILE        the issuing certificate of the state that published the list, DER or
                     PEM, out of another hand than the list itself; for import the trust
                     list serves where that state is in it already
  --trust FILE       the trust list to change
  --accept-older     take a list in that is older than the present one of its state
  --dry-run          say what would change, and change nothing
  --crl FILE         a revocation list of the publisher; may be given several times
  --require-crl      no list without a current revocation list of its publisher
  --sha1-until DAY   believe SHA-1 through this day; without it, never
  --date DAY         as on this day; without it, today in Viet Nam
  --json             (inspect) as one JSON object
  --trust, --accept-older and --dry-run are import's alone

EXAMPLES
  kiosk-card masterlist inspect DE_ML.ml --root csca-de.cer
  kiosk-card masterlist import DE_ML.ml --root csca-de.cer --trust trust.pem --dry-run
      what would change, before anything does
  kiosk-card masterlist import NL_ML.ml --root csca-nl.cer --trust trust.pem
      a second state's list; what both name is kept once, and by whom it came
";

/// Of `read`.
pub const READ: &str = "\
kiosk-card read - reads a chip and judges it

USAGE
  kiosk-card read --can|--number|--mrz|--pin|--puk KEY [options]

KEYS (one of them; `-` reads it from the standard input, where nobody sees it)
  --can DIGITS       the card access number, six digits
  --number DIGITS    a citizen's number of Viet Nam, whose last six digits are the CAN
  --mrz TEXT         the machine readable zone, lines joined together; or
                     DOCUMENT,BIRTH,EXPIRY with the days as yymmdd
  --pin DIGITS       the holder's secret number, on cards that have one: its wrong tries
                     are counted, and the last one is left to its holder
  --puk DIGITS       the number that unblocks the PIN; many cards bear few uses of it

OPTIONS
  --reader NAME      part of the reader's name, which may fit one only; without it, the only
                     reader that is connected
  --allow-bac        with --mrz: open a chip that offers no PACE with BAC. A chip that offers
                     PACE is never opened so
  --trust FILE       whom to believe; without it the files are read and not judged
  --crl FILE, --require-crl, --require-chip, --sha1-until DAY, --date DAY
                     as for verify
  --personal         say also what an authentic citizen's card says of its holder, and the
                     fields of DG13 that nobody here knows, as they came
  --portrait FILE    write the portrait as it lies on the chip
  --files FOLDER     write every file, to be judged again by verify

Progress goes to the standard error. The answer is one JSON object, with the applications
of EF.DIR and the lengths of EF.ATR/INFO where the chip has them; nothing in it is
personal without --personal. Portrait and files are personal: keep them accordingly.
Where the chip refuses the key, both say how many tries it leaves, if it says so, and how
long it took: chips count wrong tries, or answer later after each.
The exit code says the verdict; 0 without --trust means that the files were read.

EXAMPLES
  kiosk-card read --number 001195012345 --trust trust.pem
  kiosk-card read --mrz D23145890,640812,341031 --allow-bac --portrait face.jp2
  kiosk-card read --reader \"Contactless\" --can - --personal --files card < number.txt
";
