//! Every number of the worked examples that is computed on the terminal's side, and the
//! chip's where its private keys are printed: `worked_numbers.txt`.

use super::*;
use crate::{Can, MrzKey, Pin, script::ScriptedChance};

/// The numbers of one example, by name.
struct Numbers(&'static str);

impl Numbers {
    fn all() -> Vec<Self> {
        include_str!("worked_numbers.txt").split("\n\n").skip(1).map(Self).collect()
    }

    fn find(&self, name: &str) -> Option<&'static str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }

    fn text(&self, name: &str) -> &'static str {
        self.find(name).unwrap_or_else(|| panic!("{}: no {name}", self.title()))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex::decode(self.text(name)).unwrap()
    }

    fn title(&self) -> &'static str {
        self.0.lines().next().unwrap()
    }

    fn check(&self, name: &str, found: &[u8]) {
        assert_eq!(hex::encode_upper(found), self.text(name), "{}: {name}", self.title());
    }

    fn password(&self) -> AccessKey {
        let words: Vec<_> = self.text("password").split(' ').collect();
        match words[..] {
            ["mrz", number, birth, expiry] => AccessKey::Mrz(MrzKey::new(number, birth, expiry).unwrap()),
            ["can", digits] => AccessKey::Can(Can::new(digits).unwrap()),
            ["pin", digits] => AccessKey::Pin(Pin::new(digits).unwrap()),
            _ => panic!("no such password"),
        }
    }

    /// The pair with this private key over a generator, its public key checked.
    fn pair<G: Group>(&self, group: &G, generator: &G::Element, side: &str) -> Option<Pair> {
        let mut chance = ScriptedChance::new(&[self.find(&format!("{side}_priv"))?]);
        let pair = Pair::draw(group, generator, &mut chance).ok().unwrap();
        self.check(&format!("{side}_pub"), &pair.public);
        Some(pair)
    }

    /// What both sides agree on, as far as their private keys are known.
    fn agreed<G: Group>(&self, group: &G, generator: &G::Element, infix: &str) -> G::Element {
        let public = |side| self.bytes(&format!("{side}{infix}_pub"));
        let terminal = self.pair(group, generator, &format!("term{infix}")).expect("it is always printed");
        let ours = terminal.agree(group, &public("chip")).ok().unwrap();
        if let Some(chip) = self.pair(group, generator, &format!("chip{infix}")) {
            let theirs = chip.agree(group, &public("term")).ok().unwrap();
            assert_eq!(group.encode(&ours).unwrap(), group.encode(&theirs).unwrap(), "{}", self.title());
        }
        ours
    }
}

fn generator<G: Group>(numbers: &Numbers, group: &G, nonce: &[u8]) -> G::Element {
    if let Some(t) = numbers.find("t") {
        let t = hex::decode(t).unwrap();
        return integrated::map(group, Cipher::Aes128, nonce, &t).ok().unwrap();
    }
    let base = group.generator().unwrap();
    let agreed = numbers.agreed(group, &base, "_map");
    if numbers.find("shared_h").is_some() {
        numbers.check("shared_h", &group.encode(&agreed).unwrap());
    }
    generic(group, &base, nonce, &agreed).ok().unwrap()
}

fn check<G: Group>(numbers: &Numbers) {
    let group = G::standard(numbers.text("parameters").parse().unwrap()).unwrap();
    let nonce = decrypt_nonce(Cipher::Aes128, &numbers.password(), &numbers.bytes("z")).unwrap();
    numbers.check("s", &nonce);
    let generator = generator(numbers, &group, &nonce);
    numbers.check("generator", &group.encode(&generator).unwrap());

    let secret = numbers.agreed(&group, &generator, "");
    let secret = group.into_secret(secret).unwrap();
    numbers.check("secret", &secret);
    let encryption = CipherKey::derive(Cipher::Aes128, &secret, Purpose::Encryption);
    let mac = CipherKey::derive(Cipher::Aes128, &secret, Purpose::Mac);
    assert_eq!(encryption.to_hex(), numbers.text("enc"));
    assert_eq!(mac.to_hex(), numbers.text("mac"));
    for (token, of) in [("t_ifd", "chip_pub"), ("t_ic", "term_pub")] {
        let object = public_key_object(&numbers.bytes("oid"), G::KEY_TAG, &numbers.bytes(of));
        numbers.check(token, &mac.mac_token(&object));
    }
    if numbers.find("a_ic").is_some() {
        numbers.check("ca_ic", &decrypt_chip_data(&encryption, &numbers.bytes("a_ic")).unwrap());
    }
}

#[test]
fn every_number_of_the_worked_examples_is_computed() {
    let examples = Numbers::all();
    assert_eq!(examples.len(), 7);
    for numbers in &examples {
        match numbers.text("group") {
            "ecdh" => {
                check::<Curve>(numbers);
                check::<BrainpoolP256>(numbers);
            }
            _ => check::<Primes>(numbers),
        }
    }
}

// 9303-11, 4.4.3.3.2: the number of appendix H is printed after it was reduced.
#[test]
fn the_pseudo_random_number_of_appendix_h_is_computed() {
    let printed: Vec<_> =
        Numbers::all().into_iter().filter(|numbers| numbers.find("prf").is_some()).collect();
    assert_eq!(printed.len(), 2);
    for numbers in printed {
        let parameters = numbers.text("parameters").parse().unwrap();
        let prime = Curve::standard(parameters)
            .map(|curve| curve.field().unwrap())
            .or_else(|| Primes::standard(parameters).map(|primes| primes.field().unwrap()))
            .unwrap();
        let number = integrated::number(Cipher::Aes128, &numbers.bytes("s"), &numbers.bytes("t"), &prime);
        numbers.check("prf", &number.ok().unwrap().to_bytes(prime.num_bytes()));
    }
}
