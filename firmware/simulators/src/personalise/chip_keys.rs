//! The chip's own keys, made out of chance as the profile asks for them.

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{Asn1Flag, EcGroup, EcKey, EcPoint},
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private},
};
use rand_core::CryptoRng;

use super::{CurveForm, rsa_key};
use crate::{
    card_profile::{
        ActiveAuthentication, ActiveKey, CardProfile, ChipAuthentication, KeyCoding, Mapping, Parameters,
    },
    domain::{Domain, draw_below},
};

/// The key pairs that a chip never gives away.
#[derive(Clone)]
pub(crate) struct ChipKeys {
    /// Chip authentication, one for each that is announced.
    pub agreement: Vec<(ChipAuthentication, AgreementKey)>,
    /// Chip authentication mapping, one for each group it is offered in.
    pub mapping: Vec<AgreementKey>,
    /// Active authentication.
    pub signature: Option<(ActiveAuthentication, PKey<Private>)>,
}

/// A static key pair in a standardised group.
#[derive(Clone)]
pub(crate) struct AgreementKey {
    pub parameters: Parameters,
    /// Big-endian.
    pub private: Vec<u8>,
    /// As it is sent (ICAO Doc 9303-11, 9.4.5).
    pub public: Vec<u8>,
}

impl ChipKeys {
    pub(crate) fn generate(profile: &CardProfile, chance: &mut dyn CryptoRng) -> Result<Self, ErrorStack> {
        let mut agreement = Vec::new();
        for protocol in &profile.chip_authentication {
            agreement.push((*protocol, AgreementKey::generate(protocol.parameters(), chance)?));
        }
        let signature = match profile.active_authentication {
            None => None,
            Some(active) => Some((active, active_key(active, chance)?)),
        };
        let mut groups: Vec<Parameters> = Vec::new();
        for offered in profile.access.pace.iter().filter(|offered| offered.mapping() == Mapping::Cam) {
            if !groups.contains(&offered.parameters()) {
                groups.push(offered.parameters());
            }
        }
        let mapping = groups.into_iter().map(|group| AgreementKey::generate(group, chance));
        Ok(Self { agreement, mapping: mapping.collect::<Result<_, _>>()?, signature })
    }

    /// The key that PACE with chip authentication mapping proves in that group.
    pub(crate) fn mapping_key(&self, parameters: Parameters) -> Option<&AgreementKey> {
        self.mapping.iter().find(|key| key.parameters == parameters)
    }
}

impl AgreementKey {
    fn generate(parameters: Parameters, chance: &mut dyn CryptoRng) -> Result<Self, ErrorStack> {
        let private = Domain::standard(parameters)?.draw(chance)?;
        Self::from_private(parameters, &private.to_vec())
    }

    /// The pair of a private number.
    pub(crate) fn from_private(parameters: Parameters, private: &[u8]) -> Result<Self, ErrorStack> {
        let domain = Domain::standard(parameters)?;
        let public = domain.power(&domain.generator()?, &*BigNum::from_slice(private)?)?;
        Ok(Self { parameters, private: private.to_vec(), public: domain.write(&public)? })
    }
}

fn active_key(active: ActiveAuthentication, chance: &mut dyn CryptoRng) -> Result<PKey<Private>, ErrorStack> {
    match active.key() {
        ActiveKey::Rsa { bits } => rsa_key::generate(bits, chance),
        ActiveKey::Ecdsa { parameters, coding } => {
            let curve = parameters.curve().expect("ECDSA was checked to be over a curve");
            let form = match coding {
                KeyCoding::Explicit => CurveForm::Explicit,
                KeyCoding::Named | KeyCoding::Standardised => CurveForm::Named,
            };
            generate_key(curve, form, chance)
        }
    }
}

/// A key pair over a curve whose private number comes out of `chance`.
pub(super) fn generate_key(
    curve: Nid,
    form: CurveForm,
    chance: &mut dyn CryptoRng,
) -> Result<PKey<Private>, ErrorStack> {
    let mut group = EcGroup::from_curve_name(curve)?;
    group.set_asn1_flag(match form {
        CurveForm::Named => Asn1Flag::NAMED_CURVE,
        CurveForm::Explicit => Asn1Flag::EXPLICIT_CURVE,
    });
    let mut order = BigNum::new()?;
    group.order(&mut order, &mut *BigNumContext::new()?)?;
    let private = draw_below(&order, chance)?;
    let mut public = EcPoint::new(&group)?;
    public.mul_generator2(&group, &private, &mut *BigNumContext::new()?)?;
    PKey::from_ec_key(EcKey::from_private_components(&group, &private, &public)?)
}
