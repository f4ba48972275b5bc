// Types and attributes that are no words of the dialect.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected string}}
// expected-error @below {{failed to parse Quern_WeightType parameter 'format'}}
func.func private @weight_format(!quern.weight<576 x 1536, q4_1>)

// -----

// expected-error @below {{expected 'x'}}
func.func private @weight_columns(!quern.weight<576, "q4_1">)

// -----

// expected-error @below {{expected one of [f32, bf16, i16] for how activations enter a product}}
// expected-error @below {{failed to parse Quern_RowsType parameter 'number'}}
func.func private @rows_number(!quern.rows<576, i8>)

// -----

// expected-error @below {{expected 'codes'}}
// expected-error @below {{failed to parse Quern_PanelsType parameter 'group'}}
func.func private @panels_group(!quern.panels<576 x 1536, <>>)

// -----

// expected-error @below {{unknown  type `heads` in dialect `quern`}}
func.func private @unknown(!quern.heads)
