//! How a section is declared: once, and from that what a layer may say of it (everything
//! optional, unknown keys refused), who may say what, and what all layers come to.

use serde::{Deserialize, Serialize};

use crate::whose::Level;

/// A value, and the layer that said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said<T> {
    /// The value.
    pub is: T,
    /// Which layer said it.
    pub from: Level,
}

/// A key that a layer may not say.
pub(crate) struct Overreach {
    pub(crate) key: &'static str,
    pub(crate) may: &'static [Level],
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident said by $part:ident {
        $($(#[$field_doc:meta])* $field:ident: $kind:ty => $key:literal by $may:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(rename = $key, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$crate::section::Said<$kind>>,)*
        }

        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $part {
            $(#[serde(rename = $key)] pub(crate) $field: Option<$kind>,)*
        }

        impl $part {
            /// Refuses the first key that this layer may not say.
            pub(crate) fn check(&self, level: $crate::Level) -> Result<(), $crate::section::Overreach> {
                $(if self.$field.is_some() && !$may.contains(&level) {
                    return Err($crate::section::Overreach { key: $key, may: $may });
                })*
                Ok(())
            }

            /// Lays what this says over what farther layers said.
            pub(crate) fn over(&self, level: $crate::Level, below: &mut $name) {
                $(if let Some(is) = &self.$field {
                    below.$field = Some($crate::section::Said { is: is.clone(), from: level });
                })*
            }
        }

        impl $name {
            /// Whether no layer said anything of it.
            pub(crate) fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

pub(crate) use section;
