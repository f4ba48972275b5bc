// Conversions keep the columns.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @convert_c1(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a result with the operand's columns}}
  %0 = quern.convert %x : tensor<?x576xf32> -> !quern.rows<192, i16>
  return
}
