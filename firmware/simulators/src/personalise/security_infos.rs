//! What a chip says about its protocols: EF.CardAccess, EF.DG14, EF.DG15 and the
//! infos of EF.CardSecurity (ICAO Doc 9303-11, 9.2).

use openssl::{
    bn::BigNumContext,
    ec::{Asn1Flag, EcGroup, EcKey, EcPoint},
    error::ErrorStack,
    pkey::PKey,
};

use super::chip_keys::{AgreementKey, ChipKeys};
use crate::{
    card_profile::{
        ActiveKey, CardAccess, CardProfile, ChipAuthenticationVersion, InfoPresence, KeyCoding, PaceProtocol,
        group_arc,
    },
    der,
    domain::Domain,
};

const TERMINAL_AUTHENTICATION: &str = "0.4.0.127.0.7.2.2.2";
/// id-icao-mrtd-security-aaProtocolObject and the arc of ecdsa-plain signatures.
const ACTIVE_AUTHENTICATION: &str = "2.23.136.1.1.5";
const ECDSA_PLAIN: &str = "0.4.0.127.0.7.1.1.4.1";
/// standardizedDomainParameters (TR-03110-3, A.2.1.1) and dhpublicnumber (RFC 3279).
const STANDARDISED: &str = "0.4.0.127.0.7.1.2";
const DH_PUBLIC_NUMBER: &str = "1.2.840.10046.2.1";
/// The data group of fingerprints, which only terminal authentication opens.
const FINGERPRINTS: u8 = 3;

/// EF.CardAccess: what may be used to open the chip, readable by everybody.
pub(super) fn card_access(profile: &CardProfile, pace: &[PaceProtocol]) -> Vec<u8> {
    let mut infos = Vec::new();
    if profile.master_file.card_access == CardAccess::AllProtocols {
        infos.extend(terminal_authentication(profile));
        infos.extend(chip_authentication(profile));
    }
    infos.extend(pace.iter().map(|protocol| pace_info(*protocol)));
    der::set(&infos)
}

/// EF.DG14: the protocols again, under the issuer's signature, and the chip's keys.
/// `None`: there is nothing to say.
pub(super) fn dg14(profile: &CardProfile, keys: &ChipKeys) -> Result<Option<Vec<u8>>, ErrorStack> {
    let mut infos: Vec<Vec<u8>> = terminal_authentication(profile).into_iter().collect();
    infos.extend(chip_authentication(profile));
    for (protocol, key) in &keys.agreement {
        infos.push(public_key(key, protocol.coding(), protocol.key_id())?);
    }
    infos.extend(active_authentication(profile));
    infos.extend(profile.access.pace.iter().map(|protocol| pace_info(*protocol)));
    Ok((!infos.is_empty()).then(|| der::object(0x6E, &der::sorted_set(infos))))
}

/// EF.DG15: the active authentication key.
pub(super) fn dg15(keys: &ChipKeys) -> Result<Option<Vec<u8>>, ErrorStack> {
    let Some((_, key)) = &keys.signature else { return Ok(None) };
    Ok(Some(der::object(0x6F, &key.public_key_to_der()?)))
}

/// The infos that EF.CardSecurity signs; `None`: no protocol needs that file.
pub(super) fn card_security(profile: &CardProfile, keys: &ChipKeys) -> Result<Option<Vec<u8>>, ErrorStack> {
    let second = |version| version == ChipAuthenticationVersion::V2;
    let needed = profile.master_file.card_security
        || !keys.mapping.is_empty()
        || profile.chip_authentication.iter().any(|protocol| second(protocol.version()));
    if !needed {
        return Ok(None);
    }
    let mut infos: Vec<Vec<u8>> = profile.access.pace.iter().map(|protocol| pace_info(*protocol)).collect();
    infos.extend(chip_authentication(profile));
    for (protocol, key) in keys.agreement.iter().filter(|(protocol, _)| second(protocol.version())) {
        infos.push(public_key(key, protocol.coding(), protocol.key_id())?);
    }
    for key in &keys.mapping {
        infos.push(public_key(key, KeyCoding::Standardised, None)?);
    }
    Ok(Some(der::sorted_set(infos)))
}

fn terminal_authentication(profile: &CardProfile) -> Option<Vec<u8>> {
    let guarded = profile.data_groups.present.iter().any(|group| group.number() == FINGERPRINTS);
    guarded.then(|| der::sequence(&[der::oid(TERMINAL_AUTHENTICATION), der::integer(1)]))
}

fn chip_authentication(profile: &CardProfile) -> Vec<Vec<u8>> {
    let announced = |presence| presence == InfoPresence::Present;
    profile
        .chip_authentication
        .iter()
        .filter(|protocol| announced(protocol.info()))
        .map(|protocol| {
            let version = match protocol.version() {
                ChipAuthenticationVersion::V1 => 1,
                ChipAuthenticationVersion::V2 => 2,
            };
            let mut info = vec![der::oid(&protocol.identifier()), der::integer(version)];
            info.extend(protocol.key_id().map(der::integer));
            der::sequence(&info)
        })
        .collect()
}

fn active_authentication(profile: &CardProfile) -> Option<Vec<u8>> {
    let active = profile.active_authentication?;
    // Required for ECDSA alone (9303-11, 9.2.4): RSA says its hash in the trailer.
    matches!(active.key(), ActiveKey::Ecdsa { .. }).then(|| {
        let algorithm = format!("{ECDSA_PLAIN}.{}", active.hash() as u8 + 1);
        der::sequence(&[der::oid(ACTIVE_AUTHENTICATION), der::integer(1), der::oid(&algorithm)])
    })
}

fn pace_info(protocol: PaceProtocol) -> Vec<u8> {
    der::sequence(&[
        der::oid(&protocol.identifier()),
        der::integer(2),
        der::integer(protocol.parameters().number()),
    ])
}

/// ChipAuthenticationPublicKeyInfo (9.2.6).
fn public_key(key: &AgreementKey, coding: KeyCoding, key_id: Option<u8>) -> Result<Vec<u8>, ErrorStack> {
    let identifier = format!("0.4.0.127.0.7.2.2.1.{}", group_arc(key.parameters));
    let mut info = vec![der::oid(&identifier), subject_public_key_info(key, coding)?];
    info.extend(key_id.map(der::integer));
    Ok(der::sequence(&info))
}

fn subject_public_key_info(key: &AgreementKey, coding: KeyCoding) -> Result<Vec<u8>, ErrorStack> {
    match (Domain::standard(key.parameters)?, key.parameters.curve(), coding) {
        (domain, _, KeyCoding::Standardised) => {
            let algorithm = der::sequence(&[der::oid(STANDARDISED), der::integer(key.parameters.number())]);
            let public = match domain {
                Domain::Numbers { .. } => der::unsigned(&key.public),
                Domain::Curve { .. } => key.public.clone(),
            };
            Ok(der::sequence(&[algorithm, der::bits(&public)]))
        }
        (Domain::Numbers { prime, order, generator }, ..) => {
            let group = [prime, generator, order].map(|number| der::unsigned(&number.to_vec()));
            let algorithm = der::sequence(&[der::oid(DH_PUBLIC_NUMBER), der::sequence(&group)]);
            Ok(der::sequence(&[algorithm, der::bits(&der::unsigned(&key.public))]))
        }
        (Domain::Curve { .. }, curve, coding) => {
            let mut group = EcGroup::from_curve_name(curve.expect("a curve has a name"))?;
            group.set_asn1_flag(match coding {
                KeyCoding::Named => Asn1Flag::NAMED_CURVE,
                _ => Asn1Flag::EXPLICIT_CURVE,
            });
            let point = EcPoint::from_bytes(&group, &key.public, &mut *BigNumContext::new()?)?;
            PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?.public_key_to_der()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        card_profile::{ChipAuthentication, Cipher, Mapping},
        chance::SeededChance,
    };

    fn made(change: impl FnOnce(&mut CardProfile)) -> (CardProfile, ChipKeys) {
        let mut profile = CardProfile::default();
        change(&mut profile);
        let keys = ChipKeys::generate(&profile, &mut SeededChance::new(1)).unwrap();
        (profile, keys)
    }

    #[test]
    fn card_access_of_a_citizen_card_is_that_of_real_cards() {
        let profile = CardProfile::default();
        assert_eq!(
            hex::encode_upper(card_access(&profile, &profile.access.pace)),
            "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F00070202040202\
             02010202010D"
        );
    }

    #[test]
    fn card_access_of_a_passport_with_two_mappings_is_that_of_finnish_ones() {
        let parameters = 16.try_into().unwrap();
        let pace = [Mapping::Gm, Mapping::Cam]
            .map(|mapping| PaceProtocol::new(mapping, Cipher::Aes256, parameters).unwrap());
        let (profile, _) = made(|profile| {
            profile.master_file.card_access = CardAccess::PaceOnly;
            profile.access.pace = pace.to_vec();
        });
        assert_eq!(
            hex::encode_upper(card_access(&profile, &pace)),
            "31283012060A04007F000702020402040201020201103012060A04007F00070202040604020102020110"
        );
    }

    /// The public key info of the BSI's worked example for DH (EF.CardSecurity).
    #[test]
    fn a_public_key_by_number_is_that_of_the_worked_example() {
        let private = hex::decode("D0E5A95ECA541DEF4FE92B9FF9920D49A454C297").unwrap();
        let key = AgreementKey::from_private(0.try_into().unwrap(), &private).unwrap();
        assert_eq!(
            hex::encode_upper(public_key(&key, KeyCoding::Standardised, Some(1)).unwrap()),
            "3081A6060904007F000702020101308195300C060704007F0007010202010003818400028180\
             1B3345F8DC04341BF8B2C97F652FA680E5D4FA4C146AE4B839431A644A79BC368C4822C89CD018A57F953644BEDA679C5B532902\
             320E83E13B80DEEF8C18AF3E7D493AE3F88196101B9F78EAFE4B3025EF8BFF916B2FC02D762D0838DEA29C09B485591C2F47F87C\
             71F530BB358F56AF6459D86DBF85EAF9EDBD962CD364F7B8020101"
        );
    }

    #[test]
    fn openssl_reads_the_public_keys_of_every_group() {
        for number in [0, 1, 2, 8, 10, 13, 14, 17, 18] {
            for coding in [KeyCoding::Explicit, KeyCoding::Named] {
                let parameters = number.try_into().unwrap();
                let (_, keys) = made(|profile| {
                    profile.chip_authentication =
                        vec![ChipAuthentication::new(Cipher::Aes128, parameters).coded(coding)];
                });
                let info = subject_public_key_info(&keys.agreement[0].1, coding).unwrap();
                assert!(PKey::public_key_from_der(&info).is_ok(), "{number} {coding:?}");
            }
        }
    }

    #[test]
    fn card_security_is_there_only_where_a_protocol_needs_it() {
        let (profile, keys) = made(|_| {});
        assert!(card_security(&profile, &keys).unwrap().is_none());
        let (profile, keys) = made(|profile| {
            profile.access.pace =
                vec![PaceProtocol::new(Mapping::Cam, Cipher::Aes128, 13.try_into().unwrap()).unwrap()];
        });
        let infos = card_security(&profile, &keys).unwrap().unwrap();
        assert!(infos.windows(65).any(|window| window == keys.mapping[0].public));
    }
}
