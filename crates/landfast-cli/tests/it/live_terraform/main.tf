# Deployed against moto by the live tests. Each service has an endpoint of its own, so that one of them can refuse or hang.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}

variable "endpoint" {
  type = string
}

variable "iam_endpoint" {
  type = string
}

variable "secret" {
  type      = string
  sensitive = true
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "fixture"
  secret_key                  = "fixture"
  max_retries                 = 1
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    ec2 = var.endpoint
    iam = var.iam_endpoint
    s3  = var.endpoint
    sqs = var.endpoint
    ssm = var.endpoint
    sts = var.endpoint
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
  tags       = { Owner = "shop" }
}

# No description: recorded as "", read back as null.
resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "web" {
  ami           = "ami-12c6146b"
  instance_type = "t3.micro"
}

resource "aws_iam_user" "deployer" {
  name = "deployer"
}

resource "aws_iam_access_key" "deployer" {
  user = aws_iam_user.deployer.name
}

resource "aws_ssm_parameter" "secret" {
  name  = "/shop/secret"
  type  = "SecureString"
  value = var.secret
}

resource "aws_s3_bucket" "archive" {
  bucket = "shop-archive"
}

resource "aws_sqs_queue" "orders" {
  name = "orders"
}
