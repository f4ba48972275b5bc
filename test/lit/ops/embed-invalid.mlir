// An embedding has the columns of its table.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @embed_c1(%t: tensor<?xi32>, %w: !quern.weight<49152 x 576, "q8_0">) {
  // expected-error @below {{requires a result with the table's columns}}
  %y = quern.embed %t, %w : (tensor<?xi32>, !quern.weight<49152 x 576, "q8_0">) -> tensor<?x192xf32>
  return
}

// -----

func.func @embed_rows(%t: tensor<?xi32>, %w: !quern.rows<576, bf16>) {
  // expected-error @below {{operand #1 must be}}
  %y = quern.embed %t, %w : (tensor<?xi32>, !quern.rows<576, bf16>) -> tensor<?x576xf32>
  return
}
