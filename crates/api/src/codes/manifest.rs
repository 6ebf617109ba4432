//! Codes of the manifest's text: the meaning is the manifest's, what to do stands here.

use mesh_manifest::Code;

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
        Code::TooLarge => &[At::Invalid(413)],
        Code::FieldsUndescribed | Code::StandardDefaulted | Code::StandardRenamed | Code::StandardApproximated => {
            &[At::Warning]
        }
        _ => &[At::Invalid(400)],
    }
}

fn remedy(code: Code) -> &'static str {
    match code {
        Code::TooLarge => "Describe less in the manifest; the platform keeps at most 120 KiB.",
        Code::TooDeep => "Write a flatter document: a manifest needs no more than ten levels.",
        Code::TooManyValues => "Split the product: nobody reads a port with so many fields.",
        Code::TooManyProblems => "Correct the problems that are listed first.",
        Code::Syntax => "Correct the text at the line and column; an editor that knows YAML shows them too.",
        Code::Empty => "Send the manifest: the file was empty or held comments only.",
        Code::SeveralDocuments => "Send one product a request; remove what follows `---`.",
        Code::Alias => {
            "Write the values out: what is repeated by reference can be read in two ways, and can grow without bound."
        }
        Code::Tag => "Remove the tag; the field says which type it has.",
        Code::KeyNotText => "Write keys as plain words.",
        Code::DuplicateKey => "Remove one of the two.",
        Code::ControlCharacter => "Remove the character: it would hide or rearrange what stands around it.",
        Code::UnknownField => "Correct the name as suggested, or remove it.",
        Code::MissingField => "Add the field, as the example in the message shows.",
        Code::WrongType => "Write a value of the type that the message names.",
        Code::Unquoted => "Put the value in quotes, or write it out (`1.0.0`, `730d`).",
        Code::NotAChoice => "Write one of the values that the message lists.",
        Code::InvalidValue => {
            "Write the value in the form that the message describes: durations are whole numbers above 0 with a unit, names are lower-case letters, digits and single hyphens."
        }
        Code::Length => "Shorten or lengthen the text or list as the message says.",
        Code::DuplicateFieldName => "Rename or remove one of the two fields.",
        Code::DuplicatePort => "Give the port another name, or another major version.",
        Code::DuplicateInput => "List each input once.",
        Code::InputOnItself => "Remove the input.",
        Code::DuplicateEntry => "Remove one of the two entries.",
        Code::EndpointMissing => "Add the URL where the data is served.",
        Code::EndpointUnexpected => "Remove `endpoint`, or choose a format that you serve yourself.",
        Code::EndpointInvalid => "Write the URL of a named host that readers reach, without user or password.",
        Code::ContactInvalid => "Write an e-mail address or an https URL where the team is reached.",
        Code::MutabilityInconsistent => "Use the format `iceberg`, or publish the product as `append-only`.",
        Code::AdoptionInvalid => "Name a table or prefix of the domain's own envelope that fits the port's format.",
        Code::ContractUnknown => "Add the contract's document to `origin.contracts`, or remove `contract`.",
        Code::WatermarkInvalid => "Name a field of type date, timestamp or timestamptz.",
        Code::SchemaEmpty => "List the fields, or give the schema in another language by `source`.",
        Code::NestedShape => "Say what a struct, list or map is made of, and nothing of the kind for plain values.",
        Code::DuplicateFieldId => "Give each field of the port a number of its own, which no other ever had.",
        Code::EnumInvalid => "List each value once, for fields of type string, int or long.",
        Code::KeyInvalid => "Name required, plain fields of the port.",
        Code::PartitionInvalid => "Partition by fields of the port, in a way that fits their types.",
        Code::QualityInvalid => "Give each rule a name of its own, a metric or a query, and what the number must be.",
        Code::SourceSyntax => {
            "Correct the schema's text at the line and column; a tool of its language shows them too."
        }
        Code::SourceUnsupported => {
            "Describe the value in another way, as the message says; what fields have no equivalent for is not guessed."
        }
        Code::SourceReference => "Write the definition into the text: what lies elsewhere is never opened or fetched.",
        Code::SourceRecursive => "Nest as many levels as the data has, each with a type of its own.",
        Code::SourceName => {
            "Rename the field: up to 128 ASCII letters, digits and underscores, unlike any other but for case."
        }
        Code::SourceMessage => "Name the message that describes a row by `message`, in Protocol Buffers alone.",
        Code::SourceTooLarge => "Split the port into several, or describe flatter data.",
        Code::SourceDiffers => {
            "Correct the fields or the schema beside them, or remove `fields` so that they are read from it."
        }
        Code::FieldsUndescribed => "Describe each field, so that the marketplace finds it by what it means.",
        Code::StandardVersionUnknown => {
            "Declare a version that is read: ODPS 1.0.0 or 1.1.0, ODCS 3.0.0 to 3.2.0; documents of other versions have to be converted."
        }
        Code::StandardInvalid => {
            "Correct the document by the standard's JSON Schema, at the place that the message names."
        }
        Code::StandardIncomplete => "Add what the message names: a domain, a name and a version are never made up.",
        Code::StandardContractMissing => "Send the contract beside the product's document, or correct `contractId`.",
        Code::StandardDefaulted => {
            "Look at the default, and say it yourself by the custom property that the message names."
        }
        Code::StandardRenamed => "Look at the new name: addresses are made of it.",
        Code::StandardApproximated => "Look at the type, and say another one if it does not hold all values.",
        Code::Unreadable => "Tell the platform team the `request_id`.",
    }
}
