# What the rest of the platform needs of a function.

output "name" {
  description = "The function's name, known once it may be invoked."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "The function's ARN, known once it may be invoked."
  value       = aws_lambda_function.this.arn
}

output "invoke_arn" {
  description = "ARN by which API Gateway invokes the function."
  value       = aws_lambda_function.this.invoke_arn
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}
