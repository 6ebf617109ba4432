//! The stable codes of changes and of what refuses them, each with one line on its rule: the reference is generated from here.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident => $text:literal,)+) => {
        /// Which rule a change or violation falls under.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is reported; never changes.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The rule, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// The manifest is one of another product (major).
    ProductOther => "evolution.product_other",
    /// A text for readers changed: a description, the owner, tags or further properties (patch).
    TextChanged => "evolution.text_changed",
    /// A list has another order or is written in another way, which nobody reads by (patch).
    Reordered => "evolution.reordered",
    /// A product that readers relied on is a draft again (major of the product).
    StatusWithdrawn => "evolution.status_withdrawn",
    /// A draft, or a deprecated product, is in use (minor).
    StatusAdvanced => "evolution.status_advanced",
    /// Readers are told to leave the product (minor).
    StatusDeprecated => "evolution.status_deprecated",
    /// The licence is another one, new or gone, or the limitations are others (major of the product).
    TermsTightened => "evolution.terms_tightened",
    /// A limitation is gone (minor).
    TermsLoosened => "evolution.terms_loosened",
    /// What the data is meant for, or where its terms are written, is told otherwise (minor).
    TermsReworded => "evolution.terms_reworded",
    /// The data is classified as more sensitive, so that readers may lose access (major of the product).
    ClassificationRaised => "evolution.classification_raised",
    /// The data is classified as less sensitive (minor).
    ClassificationLowered => "evolution.classification_lowered",
    /// Data is kept for a shorter time (major for the contracts that agreed on longer, minor of the product).
    RetentionShortened => "evolution.retention_shortened",
    /// Data is kept for a longer time (minor), or for as long as before by another promise (patch).
    RetentionLengthened => "evolution.retention_lengthened",
    /// Rows that were only ever added may now change (major of the product).
    MutabilityLoosened => "evolution.mutability_loosened",
    /// Rows that could change are now only ever added (minor).
    MutabilityTightened => "evolution.mutability_tightened",
    /// Fewer may know of the product (major of the product).
    VisibilityNarrowed => "evolution.visibility_narrowed",
    /// More may know of the product (minor).
    VisibilityWidened => "evolution.visibility_widened",
    /// A purpose is no longer offered (major of the product).
    PurposeRemoved => "evolution.purpose_removed",
    /// A purpose is offered anew (minor).
    PurposeAdded => "evolution.purpose_added",
    /// An upstream port is used anew (minor).
    InputAdded => "evolution.input_added",
    /// An upstream port is no longer used (minor).
    InputRemoved => "evolution.input_removed",
    /// An upstream port is used for another purpose (patch).
    InputChanged => "evolution.input_changed",
    /// A port, or a new major beside an old one, is offered anew (minor).
    PortAdded => "evolution.port_added",
    /// A port is no longer offered (major of the product).
    PortRemoved => "evolution.port_removed",
    /// A port's version moved without another change to it (patch).
    PortVersionMoved => "evolution.port_version_moved",
    /// A port's data is stored or served in another way (major of the port).
    FormatChanged => "evolution.format_changed",
    /// The newest data may be older than before (major for the contracts that agreed on less, minor else).
    FreshnessLoosened => "evolution.freshness_loosened",
    /// The newest data is promised to be newer than before (minor).
    FreshnessTightened => "evolution.freshness_tightened",
    /// A port is promised to be readable for a smaller share of time, or without a promise (major for the contracts that agreed on more, minor else).
    AvailabilityLoosened => "evolution.availability_loosened",
    /// A port is promised to be readable for a larger share of time (minor).
    AvailabilityTightened => "evolution.availability_tightened",
    /// Less of what happened is promised to be in the data (major for the contracts that agreed on more, minor else).
    CompletenessLoosened => "evolution.completeness_loosened",
    /// More of what happened is promised to be in the data (minor).
    CompletenessTightened => "evolution.completeness_tightened",
    /// Reads may take longer, or are promised nothing (major for the contracts that agreed on less, minor else).
    LatencyLoosened => "evolution.latency_loosened",
    /// Reads are promised to be faster (minor).
    LatencyTightened => "evolution.latency_tightened",
    /// The time that making the data takes is another (patch).
    ProcessingChanged => "evolution.processing_changed",
    /// Data is due less often, or at other times (major for the contracts on the port, minor else).
    ScheduleLoosened => "evolution.schedule_loosened",
    /// Data is due more often (minor).
    ScheduleTightened => "evolution.schedule_tightened",
    /// Data is due as before, and its age is told by another field (minor).
    ScheduleReworded => "evolution.schedule_reworded",
    /// The last day on which the port can be read is announced (minor).
    SunsetAnnounced => "evolution.sunset_announced",
    /// The port can be read for longer than was announced (minor).
    SunsetPutOff => "evolution.sunset_put_off",
    /// The port can be read for a shorter time than was announced (major of the port).
    SunsetBroughtForward => "evolution.sunset_brought_forward",
    /// The port takes over another table or prefix, or none (major of the port).
    PlaceChanged => "evolution.place_changed",
    /// A port is served at another place, which readers are told with their next read (minor).
    EndpointMoved => "evolution.endpoint_moved",
    /// A field that readers may use is gone; a renamed one is gone under its old name (major of the port).
    FieldRemoved => "evolution.field_removed",
    /// A field has another name under the same id (major of the port).
    FieldRenamed => "evolution.field_renamed",
    /// A field has another id, or none any longer (major of the port).
    FieldIdChanged => "evolution.field_id_changed",
    /// A new field has the id of another one (major of the port).
    FieldIdReused => "evolution.field_id_reused",
    /// A field has an id for the first time (patch).
    FieldIdGiven => "evolution.field_id_given",
    /// An optional field is new, where readers find fields by name (minor).
    FieldAdded => "evolution.field_added",
    /// A field that every row must have is new, which older data lacks (major of the port).
    RequiredFieldAdded => "evolution.required_field_added",
    /// An optional field of a list's entries is new and has a required one within, which clients fail on in older data (major of an Iceberg port, else minor).
    RequiredWithinAdded => "evolution.required_within_added",
    /// A field holds a larger range (minor on Iceberg ports, whose format promotes int to long, float to double and decimals; else major of the port).
    FieldWidened => "evolution.field_widened",
    /// A field holds a smaller range (major of the port).
    FieldNarrowed => "evolution.field_narrowed",
    /// A field has a type of another kind (major of the port).
    FieldTypeChanged => "evolution.field_type_changed",
    /// A field that could be empty now has a value in every row, which older data does not keep (major of the port).
    FieldMadeRequired => "evolution.field_made_required",
    /// A field that had a value in every row may now be empty (major of the port).
    FieldMadeOptional => "evolution.field_made_optional",
    /// The fields of a CSV port stand at other positions (major of the port).
    FieldsMoved => "evolution.fields_moved",
    /// An enumeration has a further value (minor where it is open, major of the port where it is closed).
    EnumValueAdded => "evolution.enum_value_added",
    /// An enumeration has lost a value (minor where it is open, major of the port where it is closed).
    EnumValueRemoved => "evolution.enum_value_removed",
    /// Where all values were known, others may come (major of the port).
    EnumOpened => "evolution.enum_opened",
    /// Values that could be any are now a closed list (major of the port).
    EnumClosed => "evolution.enum_closed",
    /// Readers are told of some values, or no longer (minor).
    EnumTold => "evolution.enum_told",
    /// The values are in another unit, or it is no longer told in which (major of the port).
    UnitChanged => "evolution.unit_changed",
    /// The unit of the values is told for the first time (minor).
    UnitTold => "evolution.unit_told",
    /// The primary key is another (major of the port).
    KeyChanged => "evolution.key_changed",
    /// The data is partitioned in another way (major of the port).
    PartitionChanged => "evolution.partition_changed",
    /// A quality rule promises less, something else, or is gone (major of the port).
    QualityLoosened => "evolution.quality_loosened",
    /// A quality rule promises more, or is new (minor).
    QualityTightened => "evolution.quality_tightened",
    /// A quality rule that only warns is another, or gone (minor).
    QualityReworded => "evolution.quality_reworded",
    /// The text that the fields are read from is another (patch, beside the changes of the fields).
    SourceChanged => "evolution.source_changed",
    /// A field is said to hold personal information, or of another category (minor).
    PiiDeclared => "evolution.pii_declared",
    /// Personal information is protected more strongly (minor).
    PiiProtectionRaised => "evolution.pii_protection_raised",
    /// Personal information is protected less, or no longer said to be any (major of the port).
    PiiProtectionLowered => "evolution.pii_protection_lowered",
    /// A version went down.
    VersionWentDown => "evolution.version_went_down",
    /// Content changed under an unchanged version.
    VersionUnchanged => "evolution.version_unchanged",
    /// A version moved by less than the change needs.
    VersionTooSmall => "evolution.version_too_small",
    /// A port changed in a way that breaks its readers, under the same major version.
    BreakingWithinMajor => "evolution.breaking_within_major",
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.as_str().starts_with("evolution.") && code.meaning().ends_with('.')));
    }
}
