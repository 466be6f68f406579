using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mesh.Local.Processes;

/// <summary>What is asked of the machine: free ports, programs, and who we are.</summary>
public static class Machine
{
    private static readonly string[] Folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

    /// <summary>Whether this is root, who may start databases only in another's name, and make network namespaces.</summary>
    public static bool IsRoot { get; } = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    /// <summary>A port that is free now. Someone else could take it before it is used; on a machine that runs a trial nobody does.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Whether nobody listens on a port of this machine.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Where a program of the system is; null when it is not installed.</summary>
    public static string? Find(string program) =>
        Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>A program that the build put beside this one.</summary>
    /// <param name="project">The project's name, which is its directory under artifacts.</param>
    /// <param name="program">The program's name.</param>
    /// <exception cref="LocalClusterException">It was not built.</exception>
    public static string Built(string project, string program)
    {
        // …/artifacts/EDITION/bin/THIS/release/ and, beside it, …/bin/PROJECT/release/PROGRAM.
        var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, "release", program));
        return File.Exists(path) ? path : throw new LocalClusterException($"{path} is missing. Build it: ./mesh build");
    }

    /// <summary>A user's number and group, of /etc/passwd; null when there is no such user.</summary>
    public static (int User, int Group)? UserNamed(string name)
    {
        var line = File.Exists("/etc/passwd")
            ? File.ReadLines("/etc/passwd").Select(text => text.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name)
            : null;
        return line is null ? null : (int.Parse(line[2], CultureInfo.InvariantCulture), int.Parse(line[3], CultureInfo.InvariantCulture));
    }
}
