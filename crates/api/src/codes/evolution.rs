//! Codes of changes against what is registered: the meaning is the rule's, what to do stands here.

use mesh_evolution::Code;

use super::{At, Entry};

pub(super) fn entries() -> impl Iterator<Item = Entry> {
    Code::ALL.iter().map(|code| Entry {
        code: code.as_str(),
        at: at(*code),
        meaning: code.meaning(),
        remedy: remedy(*code),
    })
}

fn at(code: Code) -> &'static [At] {
    match code {
        Code::VersionWentDown | Code::VersionUnchanged | Code::VersionTooSmall | Code::BreakingWithinMajor => {
            &[At::Violation]
        }
        _ => &[At::Change],
    }
}

const PATCH: &str = "Nothing, or move the version by a patch.";
const MINOR: &str = "Move the minor version.";
const MAJOR_OF_PRODUCT: &str = "Move the product's major version, and tell its consumers.";
const MAJOR_OF_PORT: &str =
    "Publish it as a new major of the port beside the old one, and keep the old one until its consumers have moved.";

fn remedy(code: Code) -> &'static str {
    match code {
        Code::ProductOther => "Register it under its own name: a product cannot be renamed.",
        Code::TextChanged
        | Code::Reordered
        | Code::InputChanged
        | Code::PortVersionMoved
        | Code::ProcessingChanged
        | Code::FieldIdGiven
        | Code::SourceChanged => PATCH,
        Code::ClassificationLowered
        | Code::RetentionLengthened
        | Code::MutabilityTightened
        | Code::VisibilityWidened
        | Code::PurposeAdded
        | Code::InputAdded
        | Code::InputRemoved
        | Code::PortAdded
        | Code::FreshnessTightened
        | Code::CompletenessTightened
        | Code::LatencyTightened
        | Code::ScheduleTightened
        | Code::ScheduleReworded
        | Code::StatusAdvanced
        | Code::StatusDeprecated
        | Code::TermsLoosened
        | Code::TermsReworded
        | Code::SunsetAnnounced
        | Code::SunsetPutOff
        | Code::EnumTold
        | Code::UnitTold
        | Code::QualityTightened
        | Code::QualityReworded
        | Code::AvailabilityTightened
        | Code::EndpointMoved
        | Code::FieldAdded
        | Code::PiiDeclared
        | Code::PiiProtectionRaised => MINOR,
        Code::ClassificationRaised
        | Code::StatusWithdrawn
        | Code::TermsTightened
        | Code::MutabilityLoosened
        | Code::VisibilityNarrowed
        | Code::PurposeRemoved
        | Code::PortRemoved => MAJOR_OF_PRODUCT,
        Code::FormatChanged
        | Code::PlaceChanged
        | Code::SunsetBroughtForward
        | Code::FieldRenamed
        | Code::FieldIdChanged
        | Code::FieldIdReused
        | Code::EnumOpened
        | Code::EnumClosed
        | Code::UnitChanged
        | Code::KeyChanged
        | Code::PartitionChanged
        | Code::QualityLoosened
        | Code::FieldRemoved
        | Code::RequiredFieldAdded
        | Code::FieldNarrowed
        | Code::FieldTypeChanged
        | Code::FieldMadeRequired
        | Code::FieldMadeOptional
        | Code::FieldsMoved
        | Code::PiiProtectionLowered => MAJOR_OF_PORT,
        Code::RequiredWithinAdded => {
            "Make the fields within optional on an Iceberg port, or publish a new major of it; move the minor version of any other port."
        }
        Code::FieldWidened => "Move the minor version on an Iceberg port; publish a new major of any other port.",
        Code::EnumValueAdded | Code::EnumValueRemoved => {
            "Move the minor version where the enumeration is open; publish a new major of the port where it is closed."
        }
        Code::FreshnessLoosened
        | Code::RetentionShortened
        | Code::AvailabilityLoosened
        | Code::CompletenessLoosened
        | Code::LatencyLoosened
        | Code::ScheduleLoosened => {
            "Move the minor version, or agree with the consumers whose contracts it would break."
        }
        Code::VersionWentDown => "Write a higher version than the registered one.",
        Code::VersionUnchanged => "Move the version: content of a version never changes.",
        Code::VersionTooSmall => "Move the version by as much as the message says.",
        Code::BreakingWithinMajor => MAJOR_OF_PORT,
    }
}
