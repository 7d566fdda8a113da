namespace AutonomOS.Host.Commands;

/// <summary>The command line asks for something that is not done: what each option says is right, what they say together is not.</summary>
internal sealed class UsageException(string message) : Exception(message);
