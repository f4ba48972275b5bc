// Parts that are none, and results that do not hold them.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @linear_parts_c1(%x: tensor<?x96xf32>, %w: tensor<40x100xf32>) {
  // expected-error @below {{requires an operand with the weight's columns}}
  %0 = quern.linear_parts %x, %w {columns = 64, parts = 2} : (tensor<?x96xf32>, tensor<40x100xf32>) -> tensor<?x80xf32>
  return
}

// -----

func.func @linear_parts_c2(%x: tensor<?x100xf32>, %w: tensor<40x100xf32>) {
  // expected-error @below {{requires parts of a positive multiple of 32 columns}}
  %0 = quern.linear_parts %x, %w {columns = 50, parts = 2} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x80xf32>
  return
}

// -----

func.func @linear_parts_c2(%x: tensor<?x100xf32>, %w: tensor<40x100xf32>) {
  // expected-error @below {{requires parts of a positive multiple of 32 columns}}
  %0 = quern.linear_parts %x, %w {columns = 0, parts = 2} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x80xf32>
  return
}

// -----

func.func @linear_parts_c3(%x: tensor<?x100xf32>, %w: tensor<40x100xf32>) {
  // expected-error @below {{requires two parts or more, as many as the weight's columns fill}}
  %0 = quern.linear_parts %x, %w {columns = 128, parts = 1} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x40xf32>
  return
}

// -----

func.func @linear_parts_c3(%x: tensor<?x100xf32>, %w: tensor<40x100xf32>) {
  // expected-error @below {{requires two parts or more, as many as the weight's columns fill}}
  %0 = quern.linear_parts %x, %w {columns = 32, parts = 3} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x120xf32>
  return
}

// -----

func.func @linear_parts_c4(%x: tensor<?x100xf32>, %w: tensor<40x100xf32>) {
  // expected-error @below {{requires a result with as many columns as the weight has rows, for each part}}
  %0 = quern.linear_parts %x, %w {columns = 64, parts = 2} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x40xf32>
  return
}

// -----

func.func @sum_parts_c1(%p: tensor<?x40xf32>) {
  // expected-error @below {{requires 2 to 65536 parts}}
  %0 = quern.sum_parts %p {parts = 1} : tensor<?x40xf32> -> tensor<?x40xf32>
  return
}

// -----

func.func @sum_parts_c2(%p: tensor<?x80xf32>) {
  // expected-error @below {{requires an operand with the result's columns for each part}}
  %0 = quern.sum_parts %p {parts = 3} : tensor<?x80xf32> -> tensor<?x40xf32>
  return
}

// -----

func.func @sum_parts_c1(%p: tensor<?x40xf32>) {
  // expected-error @below {{requires 2 to 65536 parts}}
  %0 = quern.sum_parts %p {parts = 65537} : tensor<?x40xf32> -> tensor<?x40xf32>
  return
}
