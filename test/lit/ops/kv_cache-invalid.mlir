// A cache has the type of a cache.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{attribute 'type' failed to satisfy constraint: type attribute of the KV cache of one layer}}
"quern.kv_cache"() <{sym_name = "kv", type = tensor<576xf32>}> : () -> ()
