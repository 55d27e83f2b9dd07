--- The version of Mirador that this plugin belongs to. Both are released together.
return '0.1.0'
