using System.Buffers.Text;
using System.Security.Cryptography;
using AutonomOS.Host.Commands;
using AutonomOS.Records;

namespace AutonomOS.Host.Serving;

/// <summary>The one key that manages tenants. Kept as a hash; compared in constant time; never printed.</summary>
internal sealed class AdminKey
{
    private readonly byte[] _hash;

    private AdminKey(string key) => _hash = ApiKey.HashOf(key);

    /// <summary>The environment variable that gives the key.</summary>
    public const string Variable = "AUTONOMOS_ADMIN_KEY";

    /// <summary>The shortest key that is taken from the environment, in characters.</summary>
    public const int LengthMin = 16;

    /// <summary>The longest, in characters.</summary>
    public const int LengthMax = 512;

    /// <summary>Takes the key from the environment, or from its file, or makes one with its file (mode 0600).</summary>
    /// <exception cref="StartException">The key is no key, or its file cannot be used.</exception>
    public static async Task<AdminKey> LoadAsync(DataDirectory data, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return IsKey(given)
                ? new AdminKey(given)
                : throw new StartException($"{Variable} has {LengthMin} to {LengthMax} printable ASCII characters without spaces.");
        }

        try
        {
            await using var turn = await data.LockForStartAsync(cancellation);
            if (File.Exists(data.AdminKey))
            {
                return await ReadAsync(data.AdminKey, cancellation);
            }

            var made = "admin." + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            await WriteAsync(data.AdminKey, made, cancellation);
            return new AdminKey(made);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new StartException($"The admin key at {data.AdminKey} cannot be used: {error.Message}", error);
        }
    }

    public bool Matches(string presented) => CryptographicOperations.FixedTimeEquals(ApiKey.HashOf(presented), _hash);

    private static bool IsKey(string text) => text.Length is >= LengthMin and <= LengthMax && text.All(c => c is > ' ' and < '\x7f');

    private static async Task<AdminKey> ReadAsync(string path, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != UnixFileMode.None)
        {
            throw new StartException($"The admin key at {path} can be read by others: run 'chmod 600 {path}', or delete it to have a new one made.");
        }

        var text = (await File.ReadAllTextAsync(path, cancellation)).Trim();
        return IsKey(text)
            ? new AdminKey(text)
            : throw new StartException($"{path} holds no admin key. Delete it to have a new one made.");
    }

    /// <summary>Written under another name and renamed, so that a crash leaves no half a key.</summary>
    private static async Task WriteAsync(string path, string key, CancellationToken cancellation)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var half = path + ".new";
        File.Delete(half);
        await using (var file = new FileStream(half, options))
        await using (var writer = new StreamWriter(file))
        {
            await writer.WriteLineAsync(key.AsMemory(), cancellation);
            await writer.FlushAsync(cancellation);
            file.Flush(flushToDisk: true);
        }

        File.Move(half, path);
    }
}
