//! What a provider, resource, data source or ephemeral resource accepts and computes, and how a change of each attribute is planned.

use crate::path::Step;
use crate::{Diagnostics, Path, Type, Value};

/// The schema of one block of configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub(crate) version: i64,
    pub(crate) description: String,
    pub(crate) deprecated: bool,
    pub(crate) fields: Vec<Attribute>,
    pub(crate) ty: Type,
}

impl Schema {
    /// `description` is Markdown, shown in the provider's documentation.
    #[must_use]
    pub fn new(description: &str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        let fields: Vec<_> = attributes.into_iter().collect();
        let ty = object_type(&fields);
        Self { version: 0, description: description.to_owned(), deprecated: false, fields, ty }
    }

    /// The version that state of this shape is stored with (0 unless set); older state goes through `Resource::upgrade`.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    #[must_use]
    pub fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// The object type of values of this schema.
    #[must_use]
    pub fn value_type(&self) -> &Type {
        &self.ty
    }

    /// The attributes and blocks at the top.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.fields
    }

    /// Contradictions in the schema, which are mistakes of the provider's author.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        problems(&self.fields, "", &mut found);
        found
    }
}

impl Schema {
    /// Shortens paths to what Terraform can show a line of: inside `name = { … }` it knows none and would point at the whole
    /// block. The full path goes into the text.
    pub(crate) fn locate(&self, diagnostics: Diagnostics) -> Diagnostics {
        let shorten = |mut diagnostic: crate::Diagnostic| {
            let shown = self.shown(&diagnostic.path);
            if shown != diagnostic.path {
                let gap = if diagnostic.detail.is_empty() { "" } else { " " };
                diagnostic.detail.push_str(&format!("{gap}At `{}`.", diagnostic.path));
                diagnostic.path = shown;
            }
            diagnostic
        };
        diagnostics.into_iter().map(shorten).collect()
    }

    fn shown(&self, path: &Path) -> Path {
        let mut fields = self.fields.as_slice();
        let mut shown = Path::root();
        let mut steps = path.steps().iter().peekable();
        while let Some(step) = steps.next() {
            shown = shown.step(step.clone());
            let Step::Attribute(name) = step else { continue };
            match fields.iter().find(|field| field.name == *name).map(|field| &field.kind) {
                Some(Kind::Block(_, inner)) => fields = inner,
                // One element of an attribute can still be shown.
                _ => {
                    return steps
                        .next_if(|next| !matches!(next, Step::Attribute(_)))
                        .map_or(shown.clone(), |next| shown.step(next.clone()));
                }
            }
        }
        shown
    }
}

/// How the elements of a nested attribute or block are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    Single,
    List,
    Set,
    Map,
}

/// One attribute or nested block.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) deprecated: bool,
    pub(crate) requires_replace: bool,
    pub(crate) use_state_for_unknown: bool,
    pub(crate) default: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Plain(Type),
    /// `name = { … }`.
    Nested(Nesting, Vec<Attribute>),
    /// `name { … }`.
    Block(Nesting, Vec<Attribute>),
}

impl Attribute {
    #[must_use]
    pub fn new(name: &str, ty: Type) -> Self {
        Self::of_kind(name, Kind::Plain(ty))
    }

    #[must_use]
    pub fn string(name: &str) -> Self {
        Self::new(name, Type::String)
    }

    #[must_use]
    pub fn number(name: &str) -> Self {
        Self::new(name, Type::Number)
    }

    #[must_use]
    pub fn bool(name: &str) -> Self {
        Self::new(name, Type::Bool)
    }

    /// An attribute with attributes of its own. Terraform drops keys that these do not name before the provider sees them.
    #[must_use]
    pub fn nested(name: &str, nesting: Nesting, attributes: impl IntoIterator<Item = Self>) -> Self {
        Self::of_kind(name, Kind::Nested(nesting, attributes.into_iter().collect()))
    }

    /// A nested block, written without `=`. Prefer [`Attribute::nested`] where there is no older configuration to support.
    #[must_use]
    pub fn block(name: &str, nesting: Nesting, attributes: impl IntoIterator<Item = Self>) -> Self {
        Self::of_kind(name, Kind::Block(nesting, attributes.into_iter().collect()))
    }

    fn of_kind(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            description: String::new(),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: false,
            requires_replace: false,
            use_state_for_unknown: false,
            default: None,
        }
    }

    /// Markdown for the provider's documentation.
    #[must_use]
    pub fn describe(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Set by the provider. With [`Attribute::optional`], by the provider unless the user does.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// Optional, with this value where the user gives none.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.optional().computed()
    }

    /// Hidden in plans; still stored in state.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never stored: the provider finds it in the configuration only, during plan and apply (Terraform ≥ 1.11).
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    #[must_use]
    pub fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// A change of this attribute destroys the resource and creates another.
    #[must_use]
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// A computed attribute that an update never changes, such as an identifier: plans show its value instead of "known after apply".
    #[must_use]
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of this attribute's values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, fields) | Kind::Block(nesting, fields) => {
                let object = object_type(fields);
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }

    pub(crate) fn nested_fields(&self) -> Option<(Nesting, &[Self])> {
        match &self.kind {
            Kind::Plain(_) => None,
            Kind::Nested(nesting, fields) | Kind::Block(nesting, fields) => Some((*nesting, fields)),
        }
    }
}

fn object_type(fields: &[Attribute]) -> Type {
    Type::Object(fields.iter().map(|field| (field.name.clone(), field.value_type())).collect())
}

fn problems(fields: &[Attribute], inside: &str, found: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    for field in fields {
        let path = format!("{inside}{}", field.name);
        let mut wrong = |what: &str| found.push(format!("`{path}` {what}"));
        let is_block = matches!(field.kind, Kind::Block(..));
        if !seen.insert(&field.name) {
            wrong("is declared twice");
        }
        if field.name.is_empty()
            || !field.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            wrong("must be named in lower-case letters, digits and underscores");
        }
        if is_block && (field.required || field.optional || field.computed || field.sensitive || field.write_only) {
            wrong("is a block, which is neither required, optional, computed, sensitive nor write-only");
        }
        if !(is_block || field.required || field.optional || field.computed) {
            wrong("must be required, optional or computed");
        }
        if field.required && (field.optional || field.computed) {
            wrong("cannot be required and also optional or computed");
        }
        if field.write_only && field.computed {
            wrong("cannot be write-only and also computed or have a default");
        }
        if let Some(default) = &field.default
            && default.clone().conform(&field.value_type()).is_err()
        {
            wrong("has a default of another type");
        }
        if let Some((_, nested)) = field.nested_fields() {
            problems(nested, &format!("{path}."), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_named_with_their_place() {
        let schema = Schema::new(
            "",
            [
                Attribute::string("ok").required(),
                Attribute::string("none"),
                Attribute::string("both").required().optional(),
                Attribute::string("secret").write_only().default("x"),
                Attribute::nested("owner", Nesting::Single, [Attribute::string("Team").required()]).required(),
                Attribute::number("size").default("big"),
                Attribute::string("ok").required(),
            ],
        );
        let problems = schema.problems();
        for start in [
            "`none` must be",
            "`both` cannot",
            "`secret` cannot",
            "`owner.Team` must be",
            "`size` has a default",
            "`ok` is declared twice",
        ] {
            assert!(problems.iter().any(|p| p.starts_with(start)), "{start}: {problems:?}");
        }
        assert_eq!(problems.len(), 6, "{problems:?}");
    }

    #[test]
    fn paths_end_where_terraform_can_show_a_line() {
        let inner = || [Attribute::string("a").optional()];
        let schema = Schema::new(
            "",
            [Attribute::nested("n", Nesting::List, inner()).optional(), Attribute::block("b", Nesting::List, inner())],
        );
        let shown = |path: Path| schema.shown(&path).to_string();
        assert_eq!(shown(Path::new("n").index(1).attribute("a")), "n[1]");
        assert_eq!(shown(Path::new("b").index(1).attribute("a")), "b[1].a");
        assert_eq!(shown(Path::new("n")), "n");
    }

    #[test]
    fn the_type_follows_the_nesting() {
        let inner = || [Attribute::string("a").optional()];
        let schema = Schema::new(
            "",
            [Attribute::nested("n", Nesting::Map, inner()).optional(), Attribute::block("b", Nesting::List, inner())],
        );
        let object = Type::object([("a", Type::String)]);
        assert_eq!(schema.value_type(), &Type::object([("n", Type::map(object.clone())), ("b", Type::list(object))]));
    }
}
