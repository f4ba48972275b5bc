// Types and attributes that are no words of the dialect.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected string}}
// expected-error @below {{failed to parse Quern_WeightType parameter 'format'}}
func.func private @weight_format(!quern.weight<576 x 1536, q4_1>)

// -----

// expected-error @below {{expected 'x'}}
func.func private @weight_columns(!quern.weight<576, "q4_1">)

// -----

// expected-error @below {{expected one of [f32, bf16, i16, i16_words, i8] for how activations enter a product}}
// expected-error @below {{failed to parse Quern_RowsType parameter 'number'}}
func.func private @rows_number(!quern.rows<576, i4>)

// -----

// expected-error @below {{expected 'codes'}}
// expected-error @below {{failed to parse Quern_PanelsType parameter 'group'}}
func.func private @panels_group(!quern.panels<576 x 1536, <>>)

// -----

// expected-error @below {{unknown  type `heads` in dialect `quern`}}
func.func private @unknown(!quern.heads)

// -----

// What the words say must be possible, too.
// expected-error @below {{requires another number than f32, which a tensor is}}
func.func private @rows_f32(!quern.rows<576, f32>)

// -----

// expected-error @below {{requires sizes between 1 and 2^31}}
func.func private @rows_size(!quern.rows<0, bf16>)

// -----

// expected-error @below {{requires sizes between 1 and 2^31}}
func.func private @weight_size(!quern.weight<1 x -5, "f32">)

// -----

// expected-error @below {{requires sizes between 1 and 2^31}}
func.func private @kv_heads(!quern.kv<0 x 64>)

// -----

// expected-error @below {{requires sizes between 1 and 2^31}}
func.func private @kv_both(!quern.kv<65536 x 65536>)

// -----

// expected-error @below {{requires a window of 0 or more tokens}}
func.func private @kv_window(!quern.kv<3 x 64, window = -5>)

// -----

// expected-error @below {{requires a stored type and a page, or neither}}
func.func private @kv_page(!quern.kv<3 x 64, page = 64>)

// -----

// expected-error @below {{requires keys and values stored as f16 or f32}}
func.func private @kv_stored(!quern.kv<3 x 64, stored = !quern.step, page = 64>)

// -----

// expected-error @below {{requires a page of a multiple of 16 tokens up to 4096}}
func.func private @kv_odd_page(!quern.kv<3 x 64, stored = f16, page = 24>)

// -----

// expected-error @below {{requires codes of 1 to 8 bits or a float element}}
#both = #quern.group<codes = 4, span = 32, supers = 1, group = 32, bias = 0, element = 2>

// -----

// expected-error @below {{requires a scale for codes}}
#unscaled = #quern.group<codes = 4, span = 32, supers = 1, group = 32, bias = 0, element = -1>

// -----

// expected-error @below {{requires a span of whole steps, groups and supers}}
#spanless = #quern.group<codes = 0, span = 0, supers = 1, group = 32, bias = 0, element = 2>

// -----

// expected-error @below {{requires a known codec and at most 8 bits}}
#codec = #quern.factor<codec = 9, bits = 4, signed = true, bias = 8, unit = 0>

// -----

// expected-error @below {{requires quern.role = #quern<role prompt> or #quern<role generated>}}
func.func private @role() attributes {quern.role = "promt"}

// -----

// expected-error @below {{requires a positive integer for quern.vocabulary}}
module attributes {quern.vocabulary = 0 : i64} {}

// -----

// expected-error @below {{requires a dictionary for quern.plan}}
module attributes {quern.plan = 1 : i64} {}
