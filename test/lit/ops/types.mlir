// Every type and attribute is read and printed again, with all of its parts.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

#codes = #quern.group<codes = 4, span = 256, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 8, signed = false, bias = 0, unit = 1065353216>, offset = <codec = 1, bits = 8, signed = true, bias = 32, unit = -1082130432>>
#table = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 8, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 2>

// CHECK: @weight(!quern.weight<576 x 1536, "q4_1">)
// GENERIC: function_type = (!quern.weight<576 x 1536, "q4_1">) -> ()
func.func private @weight(!quern.weight<576 x 1536, "q4_1">)

// CHECK: @codes(!quern.panels<576 x 1536, <codes = 4, span = 256, supers = 1, group = 32, bias = 0, element = -1{{ ?}},
// CHECK-SAME: scale = <codec = 1, bits = 8, signed = false, bias = 0, unit = 1065353216>,
// CHECK-SAME: offset = <codec = 1, bits = 8, signed = true, bias = 32, unit = -1082130432>>>)
func.func private @codes(!quern.panels<576 x 1536, #codes>)

// CHECK: @symmetric(!quern.panels<576 x 1536, <codes = 2, span = 32, supers = 1, group = 32, bias = 8, element = -1{{ ?}},
// CHECK-NOT: offset
// CHECK-SAME: >>)
func.func private @symmetric(!quern.panels<576 x 1536, #table>)

// CHECK: @floats(!quern.panels<576 x 1536, <codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 2{{ ?}}>>)
func.func private @floats(!quern.panels<576 x 1536, #floats>)

// CHECK: @rows(!quern.rows<576, bf16>, !quern.rows<576, i16>)
// GENERIC: (!quern.rows<576, bf16>, !quern.rows<576, i16>) -> ()
func.func private @rows(!quern.rows<576, bf16>, !quern.rows<576, i16>)

// CHECK: @kv(!quern.kv<3 x 64{{ ?}}>, !quern.kv<3 x 64{{ ?}}, window = 512>, !quern.kv<3 x 64{{ ?}}, window = 512, stored = f16, page = 64>, !quern.kv<3 x 64{{ ?}}, window = ?, stored = f32, page = 16>)
func.func private @kv(!quern.kv<3 x 64>, !quern.kv<3 x 64, window = 512>, !quern.kv<3 x 64, window = 512, stored = f16, page = 64>, !quern.kv<3 x 64, window = ?, stored = f32, page = 16>)

// CHECK: @step(!quern.step)
func.func private @step(!quern.step)

// CHECK: @attributes()
// CHECK-SAME: a = #quern.arithmetic<prompt = bf16, generated = i16>
// CHECK-SAME: b = #quern.arithmetic<prompt = f32, generated = f32>
// CHECK-SAME: c = #quern.factor<codec = 0, bits = 4, signed = true, bias = 8, unit = 0>
func.func private @attributes() attributes {
  a = #quern.arithmetic<prompt = bf16, generated = i16>,
  b = #quern.arithmetic<prompt = f32, generated = f32>,
  c = #quern.factor<codec = 0, bits = 4, signed = true, bias = 8, unit = 0>}
