//! How a section of a board is declared: once, and from that both what one file may
//! say of it (everything optional, unknown keys refused) and what a whole board has.

/// What one file says, to be laid over what it inherits.
pub(crate) trait Part: Default {
    /// What comes of it once nothing is missing.
    type Whole;
    /// Paths count from the folder of the file that says them.
    fn place(&mut self, folder: &std::path::Path);
    /// What this leaves unsaid is taken from the inherited part.
    fn over(self, inherited: Self) -> Self;
    /// The whole section, or the first key that nobody said.
    fn whole(self) -> Result<Self::Whole, &'static str>;
}

/// A value that may be a path.
pub(crate) trait Place {
    /// Makes a relative path count from a folder.
    fn place(&mut self, _folder: &std::path::Path) {}
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident said by $part:ident {
        $($(#[$field_doc:meta])* $field:ident: $kind:ty => $key:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        #[derive(Default, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $part {
            $(#[serde(rename = $key)] $field: Option<$kind>,)*
        }

        impl $crate::section::Part for $part {
            type Whole = $name;

            fn place(&mut self, folder: &std::path::Path) {
                $(if let Some(value) = &mut self.$field {
                    $crate::section::Place::place(value, folder);
                })*
            }

            fn over(self, inherited: Self) -> Self {
                Self { $($field: self.$field.or(inherited.$field),)* }
            }

            fn whole(self) -> Result<$name, &'static str> {
                Ok($name { $($field: self.$field.ok_or($key)?,)* })
            }
        }
    };
}

pub(crate) use section;
