
variable "text" {}
variable "number" { type = number }
variable "list" { type = list(string) }
variable "untyped" { default = { a = [1, "b", true, null] } }
variable "object" {
  type = object({ a = string, b = optional(number, 5), c = optional(object({ d = optional(string, "e") }), {}) })
}
variable "secret" {
  type      = map(number)
  sensitive = true
}
variable "last" {}
variable "first" {}
variable "kept" {
  nullable = false
  default  = "default"
}
locals {
  k   = "key"
  all = {
    vars     = [var.text, var.number, var.list, var.untyped, var.object, var.secret, var.last, var.first, var.kept]
    numbers  = [1, -1, 1.50, 007, 1e3, 123456789012345678, "${1.50}", "${100}", "${true}", 0.1, "${0.10}"]
    texts    = ["a\tb\\\"\u00e4\U0001F600", "$${x}", "%%{x}", "$", "%", "a$b", "", "${local.k}", " ${local.k} "]
    strips   = ["a ${~ local.k ~} b", "a ${~ local.k } b", "a ${ local.k ~} b"]
    keys     = { a = 1, "b" = 2, (local.k) = 3, "${local.k}2" = 4, a-b = 5, 6 = 7 }
    taken    = [var.untyped.a[1], var.untyped["a"].0, var.object.c.d, { x = 1 }.x == 1]
    path     = [path.module, path.root]
    here     = <<EOT
one ${local.k}
  two "three" \n
$${x}

EOT
    indented = <<-EOT
        one
          two ${local.k}

        three
      EOT
    flush    = <<-EOT
      ${local.k}
        next
      EOT
    empty    = <<EOT
EOT
    nulls    = [null, { a = null }]
    more     = local.json
  }
}
