// Keys and values have the columns of their cache.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @kv_write_c1_keys(%k: tensor<?x128xf32>, %v: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires keys and values of heads * size columns}}
  quern.kv_write %k, %v, %kv, %s : tensor<?x128xf32>, tensor<?x192xf32>, !quern.kv<3 x 64>
  return
}

// -----

func.func @kv_write_c1_values(%k: tensor<?x192xf32>, %v: tensor<?x128xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires keys and values of heads * size columns}}
  quern.kv_write %k, %v, %kv, %s : tensor<?x192xf32>, tensor<?x128xf32>, !quern.kv<3 x 64>
  return
}
