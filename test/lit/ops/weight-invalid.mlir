// Symbols that say half of something.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{requires a group and an index, or neither}}
"quern.kv_cache"() <{sym_name = "kv", type = !quern.kv<3 x 64>, group = 0 : i64}> : () -> ()

// -----

// expected-error @below {{requires dense numbers of whole bytes}}
quern.constant @c = dense<true> : tensor<8xi1>

// -----

// expected-error @below {{requires dense numbers of whole bytes}}
quern.constant @c = sparse<[[0]], [1.0]> : tensor<8xf32>
