//! Who acts: principals, their roles in domains, and the caller of one request.

use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

use mesh_manifest::DomainName;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Somebody or something with a verified token: `issuer|subject`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Principal(String);

impl Principal {
    /// The principal that `issuer` calls `subject`.
    pub fn new(issuer: &str, subject: &str) -> Self {
        Self(format!("{issuer}|{subject}"))
    }

    /// The principal as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Principal {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('|') {
            Some((issuer, subject))
                if issuer.starts_with("https://")
                    && !subject.is_empty()
                    && text.len() <= 512
                    && text.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(format!(
                "`{}` is not a principal: write `issuer|subject` with an https issuer, such as `https://idp.example.org|alice`",
                text.chars().take(80).collect::<String>()
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a member may do in its domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Manages the domain, its products and contracts.
    Owner,
    /// Writes the domain's policies, may see its decisions.
    Steward,
    /// Registers products and writes data.
    Producer,
    /// Requests contracts and reads data.
    Consumer,
    /// A named approver role that policies ask for, such as `data-protection`.
    Approver(String),
}

impl Role {
    /// The role as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Owner => "owner",
            Self::Steward => "steward",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Approver(name) => name,
        }
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "owner" => Self::Owner,
            "steward" => Self::Steward,
            "producer" => Self::Producer,
            "consumer" => Self::Consumer,
            other if other.parse::<mesh_manifest::PortName>().is_ok() => Self::Approver(other.to_owned()),
            other => {
                return Err(format!(
                    "`{}` is not a role: use owner, steward, producer, consumer or the lower-case name of an approver role",
                    other.chars().take(80).collect::<String>()
                ));
            }
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Role {
    fn schema_name() -> Cow<'static, str> {
        "Role".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 40 })
    }
}

/// A principal's roles in one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub domain: DomainName,
    pub roles: BTreeSet<Role>,
    /// Moves with every change of the domain's members, and with it every cached grant's key.
    pub revision: u64,
}

/// The one who makes a request, acting for one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    pub domain: DomainName,
    pub roles: BTreeSet<Role>,
    pub membership_revision: u64,
}

/// The reserved domain whose members run the platform.
pub const PLATFORM: &str = "platform";

impl Caller {
    /// Whether the caller acts for the platform itself.
    pub fn is_platform(&self) -> bool {
        self.domain.as_str() == PLATFORM
    }

    /// Whether the caller answers for the platform, and so may see what is otherwise its domain's: owners and stewards. Other members of
    /// the platform domain are members of a domain like any other.
    pub fn oversees(&self) -> bool {
        self.is_platform() && self.roles.iter().any(|role| matches!(role, Role::Owner | Role::Steward))
    }

    /// Whether the caller acts for `domain` in any of `roles`.
    pub fn has(&self, domain: &DomainName, roles: &[Role]) -> bool {
        self.domain == *domain && roles.iter().any(|role| self.roles.contains(role))
    }
}
