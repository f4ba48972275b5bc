//===- Attributes.td - Roles, arithmetic, groups -----------*- tablegen -*-===//
#ifndef QUERN_ATTRIBUTES_TD
#define QUERN_ATTRIBUTES_TD

class Quern_Attr<string name, string mnemonic_> : AttrDef<Quern_Dialect, name> {
  let mnemonic = mnemonic_;
}
class Quern_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::quern";
}

def Quern_Role : Quern_Enum<"Role", "what the rows of a step are",
    [I32EnumCase<"Prompt", 0, "prompt">,
     I32EnumCase<"Generated", 1, "generated">]>;
def Quern_RoleAttr : EnumAttr<Quern_Dialect, Quern_Role, "role">;

def Quern_RowsOf : Quern_Enum<"RowsOf", "which count the rows of a value have",
    [I32EnumCase<"Step", 0, "step">,
     I32EnumCase<"Logits", 2, "logits">]> {
  let description = [{Values equal plan::StepCount: all rows of the step, or
    only those that were selected for logits.}];
}
def Quern_RowsOfAttr : EnumAttr<Quern_Dialect, Quern_RowsOf, "rows_of">;

def Quern_Number : Quern_Enum<"Number", "how activations enter a product",
    [I32EnumCase<"F32", 0, "f32">,
     I32EnumCase<"BF16", 1, "bf16">,
     I32EnumCase<"I16", 2, "i16">,
     I32EnumCase<"I16Words", 3, "i16_words">,
     I32EnumCase<"I8", 4, "i8">]> {
  let description = [{`i16`: 16-bit integers with one f32 scale for every 32
    columns, kept as two int8 halves so that byte dot products take them.
    `i16_words`: the same integers, whole, for dot products of words. `i8`:
    8-bit integers with such a scale.}];
}
def Quern_NumberAttr : EnumAttr<Quern_Dialect, Quern_Number, "number">;

def Quern_Activation : Quern_Enum<"Activation", "the gate's non-linearity",
    [I32EnumCase<"Silu", 0, "silu">,
     I32EnumCase<"Gelu", 1, "gelu">]> {
  let description = "`gelu` is the tanh approximation";
}
def Quern_ActivationAttr : EnumAttr<Quern_Dialect, Quern_Activation, "activation">;

def Quern_ArithmeticAttr : Quern_Attr<"Arithmetic", "arithmetic"> {
  let summary = "numbers that the activations of a linear are converted to";
  let description = [{
    Decided per linear and role, never per number of rows. Products accumulate
    in f32 (`f32`, `bf16`) or in i32 within a group and f32 across (`i16`,
    `i16_words`, `i8`).

    ```mlir
    #quern.arithmetic<prompt = bf16, generated = i16>
    ```
  }];
  let parameters = (ins EnumParameter<Quern_Number>:$prompt,
                        EnumParameter<Quern_Number>:$generated);
  let assemblyFormat = "`<` `prompt` `=` $prompt `,` `generated` `=` $generated `>`";
  let extraClassDeclaration = [{
    Number of(Role role) const {
      return role == Role::Prompt ? getPrompt() : getGenerated();
    }
  }];
}

def Quern_FactorAttr : Quern_Attr<"Factor", "factor"> {
  let summary = "how the scale (or offset) of a group is stored";
  let description = [{
    `super * (sub - bias) * unit`: the super-scale by its codec, one sub-scale
    of `bits` bits for every group (0: none). See ir/Panel.h, FactorShape.
  }];
  let parameters = (ins "uint32_t":$codec, "uint32_t":$bits, "bool":$isSigned,
                        "int32_t":$bias, "int32_t":$unitBits);
  let assemblyFormat = [{
    `<` `codec` `=` $codec `,` `bits` `=` $bits `,` `signed` `=` $isSigned `,`
    `bias` `=` $bias `,` `unit` `=` $unitBits `>`
  }];
  let genVerifyDecl = 1;
}

def Quern_GroupAttr : Quern_Attr<"Group", "group"> {
  let summary = "the shape of a format's groups: all that a kernel may know";
  let description = [{
    Neither the name of the format nor the place of any bit is left. Equal
    shapes share kernels. See ir/Panel.h, GroupShape, for the fields and the
    record that follows from them; `groupAttr` and `groupShape` convert.
    `element` is the codec of a float format (codes = 0), else -1. `lanes`: the
    panels are in PanelOrder::Lanes.
  }];
  let parameters = (ins
    "uint32_t":$codes, "uint32_t":$span, "uint32_t":$supers, "uint32_t":$group,
    "int32_t":$bias, "int32_t":$element, DefaultValuedParameter<"bool", "false">:$lanes,
    OptionalParameter<"::quern::FactorAttr">:$scale,
    OptionalParameter<"::quern::FactorAttr">:$offset,
    OptionalArrayRefParameter<"int32_t">:$table);
  let assemblyFormat = [{
    `<` (`lanes` `=` $lanes^ `,`)? `codes` `=` $codes `,` `span` `=` $span `,` `supers` `=` $supers `,`
    `group` `=` $group `,` `bias` `=` $bias `,` `element` `=` $element
    `` custom<GroupFactors>($scale, $offset, $table) `>`
  }];
  let genVerifyDecl = 1;
}
#endif
