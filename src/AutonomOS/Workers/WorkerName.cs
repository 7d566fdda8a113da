using System.Security.Cryptography;
using System.Text;

namespace AutonomOS.Workers;

/// <summary>Names a worker: machine, process, and random digits, since a process may hold several.</summary>
internal static class WorkerName
{
    /// <summary>The longest part taken of the machine's name.</summary>
    public const int MachineLengthMax = 40;

    public static string New()
    {
        var machine = new StringBuilder();
        foreach (var c in Environment.MachineName.AsSpan(0, Math.Min(Environment.MachineName.Length, MachineLengthMax)))
        {
            machine.Append(char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-');
        }

        return $"{machine}-{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    }
}
