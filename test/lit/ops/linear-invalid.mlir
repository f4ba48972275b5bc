// Products of shapes that do not fit are refused.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @linear_c1(%x: tensor<?x192xf32>, %w: !quern.weight<1536 x 576, "q4_1">) {
  // expected-error @below {{requires an operand with the weight's columns}}
  %y = quern.linear %x, %w : (tensor<?x192xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
  return
}

// -----

func.func @linear_c1_rows(%x: !quern.rows<192, i16>, %w: !quern.weight<1536 x 576, "q4_1">) {
  // expected-error @below {{requires an operand with the weight's columns}}
  %y = quern.linear %x, %w : (!quern.rows<192, i16>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<?x576xf32>, %w: !quern.weight<1536 x 576, "q4_1">) {
  // expected-error @below {{requires a result with as many columns as the weight has rows}}
  %y = quern.linear %x, %w : (tensor<?x576xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x576xf32>
  return
}

// -----

func.func @linear_c2_f32(%x: tensor<?x576xf32>, %w: tensor<1536x576xf32>) {
  // expected-error @below {{requires a result with as many columns as the weight has rows}}
  %y = quern.linear %x, %w : (tensor<?x576xf32>, tensor<1536x576xf32>) -> tensor<?x576xf32>
  return
}
