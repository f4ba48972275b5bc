// Rows keep their type and are selected by i32.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @select_rows_unlike(%x: tensor<?x576xf32>, %rows: tensor<?xi32>) {
  // expected-error @below {{failed to verify that all of {input, result} have same type}}
  %y = "quern.select_rows"(%x, %rows) : (tensor<?x576xf32>, tensor<?xi32>) -> tensor<?x192xf32>
  return
}

// -----

func.func @select_rows_i64(%x: tensor<?x576xf32>, %rows: tensor<?xi64>) {
  // expected-error @below {{operand #1 must be one i32 for each row}}
  %y = quern.select_rows %x, %rows : tensor<?x576xf32>, tensor<?xi64>
  return
}
