using System.Buffers.Text;
using System.Security.Cryptography;

namespace Mesh.Gateway.Calls;

/// <summary>Operation ids of this gateway's own, for the commands of callers who give none, so that it can repeat them.</summary>
internal static class OperationIds
{
    /// <summary>128 random bits, in 22 characters: many are kept, so they are short.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
}
