//! The stable codes of problems in a manifest, each with one line on what it means: the reference is generated from here.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident => $text:literal,)+) => {
        /// What kind of problem a diagnostic tells of.
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

            /// What the code means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// The text is larger than 1 MiB.
    TooLarge => "manifest.too_large",
    /// Lists and mappings are nested more than 32 levels deep.
    TooDeep => "manifest.too_deep",
    /// The text holds more than 50,000 values.
    TooManyValues => "manifest.too_many_values",
    /// More problems were found than are listed.
    TooManyProblems => "manifest.too_many_problems",
    /// The text is neither YAML 1.2 nor JSON.
    Syntax => "manifest.syntax",
    /// The text holds no document.
    Empty => "manifest.empty",
    /// The text holds more than one document.
    SeveralDocuments => "manifest.several_documents",
    /// Anchors, aliases and merge keys are not accepted.
    Alias => "manifest.alias",
    /// Tags other than those of YAML's core schema are not accepted.
    Tag => "manifest.tag",
    /// A key of a mapping is not a text.
    KeyNotText => "manifest.key_not_text",
    /// A key stands twice in one mapping.
    DuplicateKey => "manifest.duplicate_key",
    /// A text holds control characters or characters that turn the direction of writing.
    ControlCharacter => "manifest.control_character",
    /// A key is not one that the manifest knows in this place.
    UnknownField => "manifest.unknown_field",
    /// A key that is needed in this place is missing.
    MissingField => "manifest.missing_field",
    /// A value has another type than is needed in this place.
    WrongType => "manifest.wrong_type",
    /// A number, a truth value or nothing stands where a text is needed, because quotes are missing.
    Unquoted => "manifest.unquoted",
    /// A value is not one of those to choose from.
    NotAChoice => "manifest.not_a_choice",
    /// A name, version, address, quantity or field type is not well-formed.
    InvalidValue => "manifest.invalid_value",
    /// A text or list is shorter or longer than allowed, or a text is blank.
    Length => "manifest.length",
    /// A port has two fields whose names are equal, or differ by case only.
    DuplicateFieldName => "manifest.duplicate_field_name",
    /// The product has two ports with the same name and major version.
    DuplicatePort => "manifest.duplicate_port",
    /// The product lists the same input twice.
    DuplicateInput => "manifest.duplicate_input",
    /// The product lists one of its own ports as its input.
    InputOnItself => "manifest.input_on_itself",
    /// A tag or purpose stands twice in one list.
    DuplicateEntry => "manifest.duplicate_entry",
    /// A port of format sql, http or kafka has no endpoint.
    EndpointMissing => "manifest.endpoint_missing",
    /// A port that the platform serves has an endpoint.
    EndpointUnexpected => "manifest.endpoint_unexpected",
    /// An endpoint is not a URL of a scheme that fits the format, on a named host and without credentials.
    EndpointInvalid => "manifest.endpoint_invalid",
    /// A contact, a place of support or the place of the terms is neither an e-mail address nor an https URL.
    ContactInvalid => "manifest.contact_invalid",
    /// A port of a mutable product has a format that keeps no versioned snapshots.
    MutabilityInconsistent => "manifest.mutability_inconsistent",
    /// What a port takes over is not a table or prefix that fits its format.
    AdoptionInvalid => "manifest.adoption_invalid",
    /// A port names a contract whose document is not there.
    ContractUnknown => "manifest.contract_unknown",
    /// A schedule's watermark is not a field that tells a time.
    WatermarkInvalid => "manifest.watermark_invalid",
    /// A schema has no fields.
    SchemaEmpty => "manifest.schema_empty",
    /// A nested value does not say what it is made of, or a plain one does.
    NestedShape => "manifest.nested_shape",
    /// Two fields of a port have the same id.
    DuplicateFieldId => "manifest.duplicate_field_id",
    /// An enumeration lists a value twice, one that is not of its type, or values of a type that has too many.
    EnumInvalid => "manifest.enum_invalid",
    /// A primary key names a field that is not there, is nested or may be empty.
    KeyInvalid => "manifest.key_invalid",
    /// Data is partitioned by a field that is not there, or in a way that does not fit its type.
    PartitionInvalid => "manifest.partition_invalid",
    /// A quality rule counts or expects nothing, or has the name of another one.
    QualityInvalid => "manifest.quality_invalid",
    /// A schema in another language is not well-formed in that language.
    SourceSyntax => "manifest.source_syntax",
    /// A schema in another language holds something that fields have no equivalent for.
    SourceUnsupported => "manifest.source_unsupported",
    /// A schema in another language refers to what is not in its text: nothing else is opened or fetched.
    SourceReference => "manifest.source_reference",
    /// A schema in another language has a type that contains itself.
    SourceRecursive => "manifest.source_recursive",
    /// A schema in another language has names that fields cannot have, or that differ by case only.
    SourceName => "manifest.source_name",
    /// A schema in another language does not tell which of its messages describes a row.
    SourceMessage => "manifest.source_message",
    /// A schema in another language makes more fields, or nests them deeper, than a port may have.
    SourceTooLarge => "manifest.source_too_large",
    /// The fields of a port and its schema in another language differ.
    SourceDiffers => "manifest.source_differs",
    /// Fields have no description, so that nobody finds them by what they mean (a warning).
    FieldsUndescribed => "manifest.fields_undescribed",
    /// A document of a standard declares no version, or one that is not read.
    StandardVersionUnknown => "manifest.standard_version_unknown",
    /// A document is not valid by the JSON Schema of its standard's version.
    StandardInvalid => "manifest.standard_invalid",
    /// A document of a standard lacks what a product cannot be registered without.
    StandardIncomplete => "manifest.standard_incomplete",
    /// An output port names no contract, or one that is not given.
    StandardContractMissing => "manifest.standard_contract_missing",
    /// The documents do not say what a manifest needs, and a default is taken (a warning).
    StandardDefaulted => "manifest.standard_defaulted",
    /// A name of the documents is written otherwise in the manifest (a warning).
    StandardRenamed => "manifest.standard_renamed",
    /// A type of the documents is kept in one that is near to it (a warning).
    StandardApproximated => "manifest.standard_approximated",
    /// The manifest passed every check but could not be read: a fault of the platform.
    Unreadable => "manifest.unreadable",
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
        for code in Code::ALL {
            assert!(code.as_str().starts_with("manifest."), "{code:?}");
            assert!(code.meaning().ends_with('.'), "{code:?}");
        }
    }
}
