//! Terminal authentication of the EAC worked examples (BSI TR-03110-3, A.7), for which the reader
//! has no keys: no kiosk may read fingers. What holds the examples together is checked: that the
//! terminal signed the keys of the very channels that the other tests open, and who lets it.

use std::collections::HashMap;

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    hash::{MessageDigest, hash},
    nid::Nid,
    pkey::PKey,
    rsa::Rsa,
    sign::Verifier,
};

type Run = HashMap<&'static str, Vec<u8>>;

fn run(name: &str) -> Run {
    let lines = include_str!("terminal_authentication.txt").lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split(' ').collect::<Vec<_>>());
    words.filter(|words| words[0] == name).map(|words| (words[1], hex::decode(words[2]).unwrap())).collect()
}

/// The first data object, and what is behind it: tag, whole object, value, rest.
fn object(bytes: &[u8]) -> (u16, &[u8], &[u8], &[u8]) {
    let (tag, head) = if bytes[0] & 0x1F == 0x1F {
        (u16::from_be_bytes([bytes[0], bytes[1]]), 2)
    } else {
        (bytes[0].into(), 1)
    };
    let (length, head) = match bytes[head] {
        0x81 => (bytes[head + 1].into(), head + 2),
        0x82 => (usize::from(bytes[head + 1]) << 8 | usize::from(bytes[head + 2]), head + 3),
        short => (short.into(), head + 1),
    };
    let end = head + length;
    (tag, &bytes[..end], &bytes[head..end], &bytes[end..])
}

fn inside(mut bytes: &[u8]) -> HashMap<u16, &[u8]> {
    let mut objects = HashMap::new();
    while !bytes.is_empty() {
        let (tag, _, value, rest) = object(bytes);
        objects.insert(tag, value);
        bytes = rest;
    }
    objects
}

/// A card verifiable certificate (TR-03110-3, C.1), as far as this needs it.
struct Certificate<'a> {
    body: &'a [u8],
    signature: &'a [u8],
    key: HashMap<u16, &'a [u8]>,
    issuer: &'a [u8],
    holder: &'a [u8],
}

impl<'a> Certificate<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let (_, _, content, _) = object(bytes);
        let (_, body, fields, signature) = object(content);
        let fields = inside(fields);
        Self {
            body,
            signature: object(signature).2,
            key: inside(fields[&0x7F49]),
            issuer: fields[&0x42],
            holder: fields[&0x5F20],
        }
    }

    /// Whether its holder signed this: id-TA-ECDSA-SHA-512 over BrainpoolP512r1, or
    /// id-TA-RSA-v1-5-SHA-1.
    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let number = |bytes: &[u8]| BigNum::from_slice(bytes).unwrap();
        let (key, digest, signature) = if let Some(point) = self.key.get(&0x86) {
            let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P512R1).unwrap();
            let mut context = BigNumContext::new().unwrap();
            let point = EcPoint::from_bytes(&group, point, &mut context).unwrap();
            let key = EcKey::from_public_key(&group, &point).unwrap();
            let (r, s) = signature.split_at(signature.len() / 2);
            let pair = EcdsaSig::from_private_components(number(r), number(s)).unwrap();
            (PKey::from_ec_key(key).unwrap(), MessageDigest::sha512(), pair.to_der().unwrap())
        } else {
            let key = Rsa::from_public_components(number(self.key[&0x81]), number(self.key[&0x82]));
            (PKey::from_rsa(key.unwrap()).unwrap(), MessageDigest::sha1(), signature.to_vec())
        };
        let mut verifier = Verifier::new(digest, &key).unwrap();
        verifier.verify_oneshot(&signature, message).unwrap()
    }
}

/// A public key as a terminal names it (TR-03110-3, A.2.2.3): of a point its x-coordinate, of a
/// prime group's element its SHA-1.
fn compressed(key: &[u8]) -> Vec<u8> {
    if key.len() == 65 {
        return key[1..33].to_vec();
    }
    let number = BigNum::from_slice(key).unwrap().to_vec();
    hash(MessageDigest::sha1(), &number).unwrap().to_vec()
}

#[test]
fn the_terminal_of_the_worked_examples_signed_the_keys_of_its_channels() {
    for name in ["ecdh", "dh"] {
        let run = run(name);
        let [root, middle, terminal] = ["root", "middle", "terminal"].map(|it| Certificate::read(&run[it]));
        for (issuer, certificate) in [(&root, &root), (&root, &middle), (&middle, &terminal)] {
            assert_eq!(issuer.holder, certificate.issuer, "{name}");
            assert!(issuer.signed(certificate.body, certificate.signature), "{name}");
        }
        assert!(!root.signed(terminal.body, terminal.signature), "{name}: not by the root itself");
        let by = |channel: &str, next: &str| {
            [compressed(&run[channel]), run["nonce"].clone(), compressed(&run[next])].concat()
        };
        assert!(terminal.signed(&by("channel-key", "next-key"), &run["signature"]), "{name}");
        assert!(!terminal.signed(&by("next-key", "channel-key"), &run["signature"]), "{name}");
    }
}

/// The keys are those with which the worked examples of PACE and of chip authentication end, as the
/// tests of these have them.
#[test]
fn the_channels_are_those_of_the_other_worked_examples() {
    let pace = include_str!("../../src/pace/worked_numbers.txt");
    let chip_authentication = include_str!("../../src/chip_authentication_tests.rs");
    // There the digits of a command run over several lines.
    let digits: String = chip_authentication.chars().filter(char::is_ascii_hexdigit).collect();
    for name in ["ecdh", "dh"] {
        let run = run(name);
        assert!(pace.contains(&hex::encode_upper(&run["channel-key"])), "{name}");
        assert!(digits.contains(&hex::encode_upper(&run["next-key"])), "{name}");
    }
}
