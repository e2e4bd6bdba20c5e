//! Issuing states: the three letters of the MRZ (ICAO 9303-3, 5) and the two letters
//! of certificates (9303-12, 7.1.1.2; ISO 3166-1). A document signer signs for its own
//! state only, so the one must mean the other.

/// Three letters and two letters of ISO 3166-1, sorted.
const ISO: &str = "\
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE \
BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW \
CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY \
CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR \
FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU \
GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE \
JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT \
LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ \
MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ \
OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU \
RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK \
SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV \
TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA \
ZMBZM ZWEZW";

/// What only MRZs know (9303-3, 5), and states whose certificates bear other letters:
/// Germany writes one letter; Hong Kong and Macao write `CHN`; Kosovo and the
/// organisations have letters of their own.
const FURTHER: [(&str, &[&str]); 14] = [
    ("CHN", &["CN", "HK", "MO"]),
    ("D", &["DE"]),
    ("EUE", &["EU"]),
    ("GBD", &["GB"]),
    ("GBN", &["GB"]),
    ("GBO", &["GB"]),
    ("GBP", &["GB"]),
    ("GBS", &["GB"]),
    ("HKG", &["HK", "CN"]),
    ("MAC", &["MO", "CN"]),
    ("RKS", &["KS", "XK"]),
    ("UNA", &["UN"]),
    ("UNK", &["UN", "KS"]),
    ("UNO", &["UN"]),
];

/// How an MRZ's state and a certificate's country relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Same,
    Other,
    /// The table does not know the state: one of the codes of 9303-3 for nobody's and
    /// everybody's documents, or a state younger than this program.
    Unknown,
}

/// Whether the three letters of an MRZ and the two of a certificate are one state.
pub(crate) fn relation(three: &str, two: &str) -> Relation {
    if let Some((_, known)) = FURTHER.iter().find(|(further, _)| *further == three) {
        return if known.contains(&two) { Relation::Same } else { Relation::Other };
    }
    // The letters of ICAO's specimens (9303-3, appendix A).
    if (three, two) == ("UTO", "UT") {
        return Relation::Same;
    }
    match ISO.split(' ').find(|entry| entry.len() == 5 && entry[..3] == *three) {
        Some(entry) if entry[3..] == *two => Relation::Same,
        Some(_) => Relation::Other,
        None => Relation::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        let entries: Vec<&str> = ISO.split(' ').collect();
        assert_eq!(entries.len(), 249, "ISO 3166-1 has 249 entries");
        assert!(entries.is_sorted() && entries.iter().all(|it| it.len() == 5));
        let mut two: Vec<&str> = entries.iter().map(|it| &it[3..]).collect();
        two.sort_unstable();
        two.dedup();
        assert_eq!(two.len(), 249, "no two states share two letters");
    }

    #[test]
    fn one_state_is_known_by_both_codes() {
        let check =
            |three: &str, two: &str, expected| assert_eq!(relation(three, two), expected, "{three} {two}");
        check("VNM", "VN", Relation::Same);
        check("VNM", "UT", Relation::Other);
        check("UTO", "UT", Relation::Same);
        check("UTO", "VN", Relation::Unknown);
        check("D", "DE", Relation::Same);
        check("CHN", "HK", Relation::Same);
        check("GBD", "GB", Relation::Same);
        check("GBD", "US", Relation::Other);
        check("XXA", "VN", Relation::Unknown);
        check("", "VN", Relation::Unknown);
        check("VN", "VN", Relation::Unknown);
    }
}
