// Whole lists become fewer whole lists.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @merge_c1(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires a positive k, and two lists to merge}}
  %y = quern.merge_top_k %x {k = 0 : i64, lists = 2 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @merge_c1_lists(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires a positive k, and two lists to merge}}
  %y = quern.merge_top_k %x {k = 2 : i64, lists = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @merge_c1_large(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires a positive k, and two lists to merge}}
  %y = quern.merge_top_k %x {k = 9223372036854775807 : i64, lists = 2 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @merge_c2(%x: tensor<?x10xf32>) {
  // expected-error @below {{requires an operand of lists of 2 k columns}}
  %y = quern.merge_top_k %x {k = 2 : i64, lists = 2 : i64} : (tensor<?x10xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @merge_c3(%x: tensor<?x12xf32>) {
  // expected-error @below {{requires a result of 2 k columns for the lists that become one}}
  %y = quern.merge_top_k %x {k = 2 : i64, lists = 2 : i64} : (tensor<?x12xf32>) -> tensor<?x4xf32>
  return
}
