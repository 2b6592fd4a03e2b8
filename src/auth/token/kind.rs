//! The four kinds of platform token, and what the claims tell of the kind: all share issuer, subject, type and key.

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The add-on's own access to a workspace; INSTALLED brings it.
    Installation,
    /// The person who looks at a page, for thirty minutes.
    User,
    /// One webhook path of one installation, for ever.
    Webhook,
    /// A lifecycle call.
    Lifecycle,
}

/// What the claims say about the kind.
///
/// The documents list no claim that only a lifecycle or only a webhook token has; the claims of real lifecycle tokens are not known for certain.
/// So a shape refuses what surely is of another kind and leaves the rest to the comparison of hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A role, a language or a theme: a person.
    Person,
    /// A user and base URLs.
    Access,
    /// Base URLs without a user, as some recorded installation tokens had them; nothing says that a lifecycle token has none.
    Addressed,
    /// The id of a webhook.
    Hook,
    /// None of these, or a user alone.
    Bare,
}

impl Shape {
    /// Whether a token of this shape may stand for `kind`.
    pub(super) fn fits(self, kind: Kind) -> bool {
        match kind {
            Kind::User => self == Self::Person,
            Kind::Installation => matches!(self, Self::Access | Self::Addressed),
            Kind::Lifecycle => matches!(self, Self::Bare | Self::Addressed),
            Kind::Webhook => matches!(self, Self::Bare | Self::Hook),
        }
    }

    /// What a token of this shape most likely is.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Person => Kind::User,
            Self::Access | Self::Addressed => Kind::Installation,
            Self::Hook | Self::Bare => Kind::Webhook,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_a_person_or_full_access_stands_for_nothing_else() {
        let kinds = [Kind::Installation, Kind::User, Kind::Webhook, Kind::Lifecycle];
        for (shape, only) in [(Shape::Person, Kind::User), (Shape::Access, Kind::Installation), (Shape::Hook, Kind::Webhook)] {
            assert_eq!(kinds.into_iter().filter(|kind| shape.fits(*kind)).collect::<Vec<_>>(), [only], "{shape:?}");
        }
        for shape in [Shape::Person, Shape::Access, Shape::Addressed, Shape::Hook, Shape::Bare] {
            assert!(shape.fits(shape.kind()), "{shape:?}");
        }
    }
}
