//! PACE with generic mapping over brainpoolP256r1 and AES-128 from the chip's side
//! (ICAO Doc 9303-11, 4.4).

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcPoint, EcPointRef, PointConversionForm},
    error::ErrorStack,
    memcmp,
    nid::Nid,
    symm::{Cipher, Mode},
};
use rand_core::CryptoRng;

use super::{
    apdu::Status,
    key_derivation::{Purpose, cipher_mac, derive, run},
    secure_channel::{SecureChannel, Suite},
};
use crate::{
    der,
    personalise::chip_keys::{PACE, draw_scalar},
};

/// Where a run of the protocol stands.
pub(super) enum Pace {
    /// A password is chosen.
    Begun { password: Vec<u8> },
    /// The sealed nonce is out.
    NonceSent { nonce: BigNum },
    /// Both sides have the mapped generator.
    Mapped { generator: EcPoint },
    /// Both sides have the shared secret; the tokens are left.
    Agreed { secret: Vec<u8>, own: Vec<u8>, terminal: Vec<u8> },
}

/// What one step comes to.
pub(super) enum Step {
    /// Goes on with this answer.
    Next(Pace, Vec<u8>),
    /// The terminal has proved the password.
    Open(SecureChannel, Vec<u8>),
    /// The terminal does not know the password.
    WrongPassword,
    /// The terminal breaks the protocol.
    Refused(Status),
}

impl Pace {
    /// Takes one GENERAL AUTHENTICATE: the value of its DO 7C.
    pub(super) fn step(self, request: &[u8], chance: &mut dyn CryptoRng) -> Result<Step, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
        let field = |tag| der::find(request, tag);
        match self {
            Self::Begun { password } if request.is_empty() => send_nonce(&password, chance),
            Self::NonceSent { nonce } => match field(0x81).and_then(|bytes| read_point(&group, bytes)) {
                Some(theirs) => map(&group, &nonce, &theirs, chance),
                None => Ok(Step::Refused(Status::WRONG_DATA)),
            },
            Self::Mapped { generator } => match field(0x83).and_then(|bytes| read_point(&group, bytes)) {
                Some(theirs) => agree(&group, &generator, &theirs, chance),
                None => Ok(Step::Refused(Status::WRONG_DATA)),
            },
            Self::Agreed { secret, own, terminal } => match field(0x85) {
                Some(token) => confirm(&secret, &own, &terminal, token),
                None => Ok(Step::Refused(Status::WRONG_DATA)),
            },
            Self::Begun { .. } => Ok(Step::Refused(Status::WRONG_DATA)),
        }
    }
}

fn send_nonce(password: &[u8], chance: &mut dyn CryptoRng) -> Result<Step, ErrorStack> {
    let mut nonce = [0; 16];
    chance.fill_bytes(&mut nonce);
    let key = derive(password, Purpose::Password);
    let sealed = run(Cipher::aes_128_cbc(), Mode::Encrypt, &key, Some(&[0; 16]), &nonce)?;
    Ok(Step::Next(Pace::NonceSent { nonce: BigNum::from_slice(&nonce)? }, der::object(0x80, &sealed)))
}

/// The generator becomes nonce times itself plus the shared point.
fn map(
    group: &EcGroup,
    nonce: &BigNum,
    theirs: &EcPointRef,
    chance: &mut dyn CryptoRng,
) -> Result<Step, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let private = draw_scalar(group, chance)?;
    let (mut public, mut shared) = (EcPoint::new(group)?, EcPoint::new(group)?);
    public.mul_generator2(group, &private, &mut context)?;
    if public.eq(group, theirs, &mut context)? {
        return Ok(Step::Refused(Status::AUTHENTICATION_FAILED));
    }
    shared.mul2(group, theirs, &private, &mut context)?;
    let (mut scaled, mut generator) = (EcPoint::new(group)?, EcPoint::new(group)?);
    scaled.mul_generator2(group, nonce, &mut context)?;
    generator.add(group, &scaled, &shared, &mut context)?;
    Ok(Step::Next(Pace::Mapped { generator }, der::object(0x82, &write_point(group, &public)?)))
}

/// Key agreement on the mapped generator.
fn agree(
    group: &EcGroup,
    generator: &EcPointRef,
    theirs: &EcPointRef,
    chance: &mut dyn CryptoRng,
) -> Result<Step, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let private = draw_scalar(group, chance)?;
    let (mut public, mut shared) = (EcPoint::new(group)?, EcPoint::new(group)?);
    public.mul2(group, generator, &private, &mut context)?;
    if public.eq(group, theirs, &mut context)? {
        return Ok(Step::Refused(Status::AUTHENTICATION_FAILED));
    }
    shared.mul2(group, theirs, &private, &mut context)?;
    let secret = write_point(group, &shared)?[1..33].to_vec();
    let (own, terminal) = (write_point(group, &public)?, write_point(group, theirs)?);
    let answer = der::object(0x84, &own);
    Ok(Step::Next(Pace::Agreed { secret, own, terminal }, answer))
}

/// Tokens over the other side's key prove that both derived the same.
fn confirm(secret: &[u8], own: &[u8], terminal: &[u8], token: &[u8]) -> Result<Step, ErrorStack> {
    let key = derive(secret, Purpose::Authentication);
    let token_over =
        |public: &[u8]| cipher_mac(&key, &der::group(0x7F49, &[der::oid(PACE), der::object(0x86, public)]));
    let right = token_over(own)?;
    if token.len() != right.len() || !memcmp::eq(token, &right) {
        return Ok(Step::WrongPassword);
    }
    let answer = der::object(0x86, &token_over(terminal)?);
    Ok(Step::Open(SecureChannel::new(Suite::Aes128, secret, 0), answer))
}

/// An uncompressed point that is on the curve and not at infinity.
pub(super) fn read_point(group: &EcGroup, bytes: &[u8]) -> Option<EcPoint> {
    let mut context = BigNumContext::new().ok()?;
    let point = EcPoint::from_bytes(group, bytes, &mut context).ok()?;
    let fits = bytes.first() == Some(&0x04) && point.is_on_curve(group, &mut context).ok()?;
    (fits && !point.is_infinity(group)).then_some(point)
}

fn write_point(group: &EcGroup, point: &EcPointRef) -> Result<Vec<u8>, ErrorStack> {
    point.to_bytes(group, PointConversionForm::UNCOMPRESSED, &mut *BigNumContext::new()?)
}
