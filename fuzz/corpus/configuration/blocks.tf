
terraform {
  required_version = ">= 1.0"
  required_providers {
    amazon = { source = "hashicorp/aws", version = "~> 3.0" }
    dns    = { source = "example.com/acme/dns" }
    null   = "2.1.2"
  }
  backend "s3" {
    bucket = "states"
    key    = "prod/${"a"}.tfstate"
  }
}

provider "amazon" {
  region = "eu-central-1"
}

provider "amazon" {
  alias  = "west"
  region = "us-west-2"
}

resource "aws_instance" "web" {
  provider = amazon.west
  count    = 2
  ami      = data.aws_ami.x.id
  lifecycle {
    create_before_destroy = true
    prevent_destroy       = true
    ignore_changes        = [tags, tags["Name"], root_block_device[0].size, "user_data"]
  }
}

resource "null_resource" "all" {
  lifecycle { ignore_changes = all }
}

data "amazon_ami" "x" {}

module "child" { source = "./child" }
output "x" { value = nonsense(1) }
moved {
  from = a.b
  to   = a.c
}
