using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mesh.Bench.Push.Client;

/// <summary>
/// Sockets as the kernel has them. The runtime's own are as fast for one, but for thousands they bring a thread pool, a queue and an allocation
/// with them; the load would then cost more than what it measures.
/// </summary>
internal static class Linux
{
    public const int Again = 11;
    private const int NoWait = 0x40;
    private const int NoSignal = 0x4000;

    /// <summary>A connection to a port of this machine.</summary>
    /// <returns>The socket; -1 when nobody listens there.</returns>
    public static int Connect(int port)
    {
        var socket = Socket(2, 1 | 0x80000, 0);
        if (socket < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "No more sockets: raise `ulimit -n`");
        }

        Span<byte> address = stackalloc byte[16];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, 2);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)port);
        new byte[] { 127, 0, 0, 1 }.CopyTo(address[4..]);
        if (Connect(socket, ref address[0], 16) != 0)
        {
            _ = CloseFile(socket);
            return -1;
        }

        var one = 1;
        _ = SetOption(socket, 6, 1, ref one, 4);
        return socket;
    }

    /// <returns>Bytes received; 0 when the other side has closed; -1 when there are none now or the connection is broken.</returns>
    public static int Receive(int socket, Span<byte> into) => (int)Receive(socket, ref MemoryMarshal.GetReference(into), into.Length, NoWait);

    /// <returns>Bytes taken; -1 when none can be now or the connection is broken.</returns>
    public static int Send(int socket, ReadOnlySpan<byte> bytes) =>
        (int)Send(socket, ref MemoryMarshal.GetReference(bytes), bytes.Length, NoWait | NoSignal);

    /// <summary>Closes it at once, without a time of waiting: thousands of those would use up the ports.</summary>
    public static void Reset(int socket)
    {
        var linger = 1L;
        _ = SetOption(socket, 1, 13, ref linger, 8);
        _ = CloseFile(socket);
    }

    public static void Close(int file) => _ = CloseFile(file);

    [DllImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static extern int Socket(int domain, int type, int protocol);

    [DllImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static extern int Connect(int socket, ref byte address, int length);

    [DllImport("libc", EntryPoint = "setsockopt")]
    private static extern int SetOption(int socket, int level, int option, ref int value, int length);

    [DllImport("libc", EntryPoint = "setsockopt")]
    private static extern int SetOption(int socket, int level, int option, ref long value, int length);

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static extern nint Receive(int socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    private static extern nint Send(int socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int CloseFile(int file);
}

/// <summary>Waits for many sockets at once.</summary>
internal sealed class Epoll : IDisposable
{
    public const uint Readable = 1;
    public const uint Writable = 4;
    private const int Most = 512;

    // The kernel packs the structure on x86-64 and nowhere else.
    private static readonly int Stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private readonly int _file = Create(0x80000);
    private readonly byte[] _events = new byte[Most * Stride];

    public void Add(int socket, int number) => Change(1, socket, number, Readable);

    public void Follow(int socket, int number, bool writable) => Change(3, socket, number, Readable | (writable ? Writable : 0));

    /// <returns>How many are ready; ask <see cref="At"/> for each.</returns>
    public int Wait(int milliseconds) => Math.Max(0, Wait(_file, ref _events[0], Most, milliseconds));

    public (int Number, uint Events) At(int index)
    {
        var entry = _events.AsSpan(index * Stride, Stride);
        return (BinaryPrimitives.ReadInt32LittleEndian(entry[(Stride - 8)..]), BinaryPrimitives.ReadUInt32LittleEndian(entry));
    }

    public void Dispose() => Linux.Close(_file);

    private void Change(int operation, int socket, int number, uint events)
    {
        Span<byte> entry = stackalloc byte[16];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, events);
        BinaryPrimitives.WriteInt32LittleEndian(entry[(Stride - 8)..], number);
        if (Control(_file, operation, socket, ref entry[0]) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static extern int Create(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static extern int Control(int epoll, int operation, int file, ref byte entry);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static extern int Wait(int epoll, ref byte events, int most, int milliseconds);
}
