namespace AutonomOS.Host.Commands;

/// <summary>The command cannot start. The message is one line for a person: what is wrong and what to do about it.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
