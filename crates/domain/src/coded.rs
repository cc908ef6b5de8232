//! Closed lists whose entries have a stable code for machines and a name for staff.

/// Makes an enum of such a list: `code()`, `ja()`, `from_code()` and `ALL`, and each name searchable in the documents.
#[macro_export]
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal, $ja:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $(#[doc = $ja] #[doc(alias = $ja)] $variant,)+ }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The stable code used in files, URLs and messages.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }

            /// The name staff read.
            pub const fn ja(self) -> &'static str {
                match self { $($name::$variant => $ja),+ }
            }

            /// Reads a code exactly as [`code`](Self::code) writes it.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
